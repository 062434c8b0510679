// Preloaded into a program (NODE_OPTIONS): 4,000 faults that nobody expected, each of them a line of the log, about 1.5 MB in all.
const timer = setInterval(() => {
  if (process.listenerCount("unhandledRejection") === 0) return;
  clearInterval(timer);
  for (let fault = 0; fault < 4000; fault += 1) void Promise.reject(new Error(`made up ${fault} ${"x".repeat(400)}`));
}, 20);
