// The editor of articles while the server cannot be reached: a service worker for its page, and for nothing else.
// What it answers with was put there by the page itself (js/writing/offline.js); no text of anybody's is in it.
const KEPT = "writing";
const EDITOR = /^\/write(\/\d+)?$/;

const kept = async (request) => (await caches.open(KEPT)).match(request);

async function editor(request) {
  try {
    const answer = await fetch(request);
    if (![502, 503, 504].includes(answer.status)) return answer; // a proxy before a server that is away
  } catch {
    // No network: see below.
  }
  return (await kept("/write")) ?? Response.error();
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (request.mode === "navigate" && EDITOR.test(pathname)) event.respondWith(editor(request));
  else if (pathname.startsWith("/static/")) event.respondWith(kept(request).then((found) => found ?? fetch(request)));
});
