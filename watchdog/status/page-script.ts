/**
 * The page's one script. It asks for the page anew and exchanges its content, so that there is one way of rendering, and it works without
 * it too. Ages are counted from what the server said, by whichever of the reader's two clocks moved further: a phone that slept must not
 * show an hour-old page as new, and its clock may be wrong. Nothing of an answer is ever run as code.
 */
export const SCRIPT = `
(() => {
  "use strict";
  const bar = document.getElementById("bar");
  let view = document.getElementById("view");
  let wall, mono, refused = false, failing = false, timer;
  const units = JSON.parse(view.dataset.units);
  const took = () => Math.max(0, Date.now() - wall, performance.now() - mono);
  const arrived = () => { wall = Date.now(); mono = performance.now(); };
  const words = (ms) => {
    let s = Math.floor(ms / 1000), parts = [];
    for (const [unit, size] of [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]]) {
      const n = Math.floor(s / size);
      s -= n * size;
      if ((n > 0 || (unit === "second" && parts.length === 0)) && parts.length < 2) parts.push(n + " " + units[unit]);
      else if (parts.length > 0) break;
    }
    return parts.join(" ");
  };
  const show = () => {
    const since = took(), known = view.dataset.ageMs !== "", age = Number(view.dataset.ageMs) + since;
    const limit = Number(view.dataset.staleMs);
    const gone = failing && since > Math.min(limit, 2 * Number(view.dataset.refreshMs) + 4000);
    const old = known && age > limit;
    const text = gone ? (refused ? view.dataset.refused : view.dataset.gone) : old && view.dataset.state !== "stale" ? view.dataset.old : "";
    const line = text.replace("{}", words(gone ? since : age));
    const checked = view.querySelector(".checked");
    if (checked && known) checked.textContent = checked.dataset.text.replace("{}", words(age));
    if (bar.firstChild.textContent !== line) bar.firstChild.textContent = line;
    bar.hidden = line === "";
    document.body.classList.toggle("aged", line !== "");
    document.title = (line === "" ? view.dataset.sign : "? ") + view.dataset.title;
    const icon = document.getElementById("icon"), wanted = line === "" ? view.dataset.icon : view.dataset.grey;
    if (icon.getAttribute("href") !== wanted) icon.setAttribute("href", wanted);
  };
  const links = () => { for (const a of view.querySelectorAll("footer a")) a.search = location.search; };
  const take = (text) => {
    const next = new DOMParser().parseFromString(text, "text/html").getElementById("view");
    if (!next) throw new Error("not the status page");
    if (next.dataset.build !== view.dataset.build) return location.reload();
    arrived();
    failing = refused = false;
    // What is being read and copied stays put; its age goes on counting.
    if (!getSelection().isCollapsed) { view.dataset.ageMs = next.dataset.ageMs; return; }
    for (const open of view.querySelectorAll("details[id]")) {
      const same = next.querySelector("#" + CSS.escape(open.id));
      if (same) same.open = open.open;
    }
    const focus = document.activeElement && document.activeElement.closest("details[id]");
    view.replaceWith(document.adoptNode(next));
    view = next;
    if (focus) { const again = document.getElementById(focus.id); if (again) again.querySelector("summary").focus({ preventScroll: true }); }
    links();
  };
  const load = async () => {
    clearTimeout(timer);
    const stop = new AbortController(), late = setTimeout(() => stop.abort(), 8000);
    try {
      const answer = await fetch(location.href, { cache: "no-store", redirect: "error", signal: stop.signal });
      refused = !answer.ok;
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.text());
    } catch {
      failing = true;
    }
    clearTimeout(late);
    show();
    timer = setTimeout(load, document.hidden ? 3600000 : Number(view.dataset.refreshMs));
  };
  arrived();
  links();
  show();
  setInterval(show, 1000);
  timer = setTimeout(load, Number(view.dataset.refreshMs));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) load(); });
  addEventListener("pageshow", (event) => { if (event.persisted) load(); });
})();
`;
