/** The page's one style sheet. Colours mean: red = bad, amber = blind or undelivered, green = well, grey = not known. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f5f6f8;--card:#fff;--ink:#1b2027;--soft:#5b6572;--line:#e2e6eb;--red:#c8321f;--red-bg:#fdeeeb;--amber:#9a5b00;--amber-bg:#fdf3e0;--green:#1c7d4b;--green-bg:#e8f5ee;--grey:#66707c;--grey-bg:#eceff2;--blue:#2f6fb2}
@media (prefers-color-scheme:dark){:root{--bg:#0f1318;--card:#181e25;--ink:#e7ebef;--soft:#98a3af;--line:#29313a;--red:#ff8672;--red-bg:#3a1b16;--amber:#f0b45a;--amber-bg:#33260f;--green:#63cf97;--green-bg:#12291e;--grey:#a3adb8;--grey-bg:#222a32;--blue:#74b0ef}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;overflow-wrap:anywhere;background:var(--bg);color:var(--ink);font:16px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,.bar{max-width:1120px;margin:0 auto;padding:0 14px}
main{padding-bottom:28px}
h1,h2,h3,p,ul,dl,dd,pre{margin:0;padding:0}
ul{list-style:none}
h2{font-size:13px;font-weight:600;letter-spacing:.02em;color:var(--soft);margin:22px 2px 8px}
.bar{position:sticky;top:0;z-index:2;padding:0}
.bar p{background:var(--amber-bg);color:var(--amber);font-weight:600;padding:12px 16px;border-bottom:1px solid var(--line)}
.hero{margin:14px 0 0;padding:18px 16px;border-radius:14px;background:var(--tone-bg);color:var(--tone)}
.hero h1{font-size:26px;line-height:1.2;font-weight:700;display:flex;gap:12px;align-items:center}
.hero h1 svg{flex:none;width:30px;height:30px}
.hero p{color:var(--ink);margin-top:6px}
.hero .where{color:var(--soft);font-size:14px}
.alert{--tone:var(--red);--tone-bg:var(--red-bg)}
.undelivered,.blind,.unwatched,.stale{--tone:var(--amber);--tone-bg:var(--amber-bg)}
.well{--tone:var(--green);--tone-bg:var(--green-bg)}
.starting,.off{--tone:var(--grey);--tone-bg:var(--grey-bg)}
.aged .hero{--tone:var(--grey);--tone-bg:var(--grey-bg)}
.aged .hero svg{display:none}
.aged .hero h1::before{content:"?"}
.aged #view>:not(.hero){opacity:.72}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden}
.card>li,.card>div{padding:11px 14px;border-top:1px solid var(--line)}
.card>:first-child{border-top:0}
.cards{display:grid;gap:8px;grid-template-columns:repeat(auto-fill,minmax(min(100%,430px),1fr))}
.cards>li{min-width:0;background:var(--card);border:1px solid var(--line);border-left:4px solid var(--tone,var(--red));border-radius:12px;padding:12px 14px}
.cards .quiet{--tone:var(--grey)}
.cards .amber{--tone:var(--amber)}
h3{font-size:17px;font-weight:650}
.when{color:var(--tone,var(--red));font-weight:600;font-size:14px}
.text{white-space:pre-line;margin-top:6px}
.key,.small{color:var(--soft);font-size:13px}
.tags{display:flex;flex-wrap:wrap;gap:6px;margin-top:8px}
.tag{font-size:12px;line-height:1.6;padding:0 8px;border-radius:9px;background:var(--grey-bg);color:var(--soft)}
.tag.untold,.tag.over{background:var(--amber-bg);color:var(--amber)}
.gauge{display:grid;grid-template-columns:1fr auto;gap:2px 12px;align-items:baseline}
.gauge b{font-size:22px;font-variant-numeric:tabular-nums}
.gauge .bad{color:var(--red)}
.gauge .old{color:var(--grey)}
.gauge .name{font-weight:600;min-width:0}
.gauge .small,.spark{grid-column:1/-1}
.spark{display:block;width:100%;height:48px;margin-top:4px}
.spark path{vector-effect:non-scaling-stroke;fill:none}
.spark .area{fill:var(--blue);opacity:.16}
.spark .line{stroke:var(--blue);stroke-width:1.5;stroke-linejoin:round}
.spark .limit{stroke:var(--red);stroke-width:1;stroke-dasharray:4 4;opacity:.75}
.row{display:flex;gap:10px;align-items:baseline;justify-content:space-between}
.row>:first-child{min-width:0}
.row>:last-child{flex:none;max-width:62%;text-align:right;color:var(--soft);font-size:14px}
.sources{display:grid;grid-template-columns:1fr 1fr;padding:6px 0}
.sources>li{border:0;padding:5px 14px;min-width:0}
.sources .failed{grid-column:1/-1;color:var(--amber)}
.sources .off{color:var(--soft)}
.sign{display:inline-block;width:22px;font-weight:700;color:var(--green)}
.failed .sign,.off .sign{color:inherit}
.bad-text{color:var(--amber)}
details>summary{cursor:pointer;list-style:none;padding:11px 14px;min-height:44px}
details>summary::-webkit-details-marker{display:none}
details>summary::after{content:"▾";float:right;color:var(--soft);margin-left:8px}
details[open]>summary::after{content:"▴"}
summary:focus-visible,a:focus-visible{outline:2px solid var(--blue);outline-offset:-2px}
.more{margin-top:8px}
.card details{border-top:1px solid var(--line)}
.card>details:first-child{border-top:0}
details>ul>li{padding:9px 14px;border-top:1px solid var(--line)}
.message summary{display:flex;gap:10px;align-items:baseline}
.message summary::after{float:none;margin:0}
.message .head{flex:1;min-width:0}
.message .text{padding:0 14px 12px;margin:0}
.message time{flex:none;max-width:38%;text-align:right;color:var(--soft);font-size:13px;font-variant-numeric:tabular-nums}
footer{color:var(--soft);font-size:13px;margin:24px 2px 0}
footer a{color:inherit;margin-right:14px;display:inline-block;padding:8px 0}
@media (min-width:860px){.columns{display:grid;grid-template-columns:1.1fr 1fr;gap:0 22px;align-items:start}.columns>div{min-width:0}.hero{padding:24px 22px}.hero h1{font-size:32px}}
@media print{.bar{display:none}}
`;
