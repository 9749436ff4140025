// The editor without a server: its page and files are kept for a reload, and the text that was open last.
import { make } from "../elements.js";
import { copiesOf, lastOf } from "./copies.js";
import { showWords } from "./fields.js";
import { notice } from "./recovering.js";

const KEPT = "writing";

/** The draft that this page was opened for, if it is the kept page, which knows of none; else 0. */
export function openedWithoutServer(form) {
  const found = /^\/write\/(\d+)$/.exec(location.pathname);
  return found && !form.elements.draft_id.value ? Number(found[1]) : 0;
}

function filesOfThisPage() {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name));
  const found = loaded.filter(({ origin, pathname }) => origin === location.origin && pathname.startsWith("/static/"));
  return new Set(found.map(({ pathname }) => pathname));
}

async function keepFiles(cache) {
  const wanted = filesOfThisPage();
  for (const { url } of await cache.keys()) {
    const { pathname } = new URL(url);
    if (pathname.startsWith("/static/") && !wanted.delete(pathname)) await cache.delete(url);
  }
  await cache.addAll(wanted);
}

/** The empty editor of this very writer and this very version; no text stands in it. */
async function keepEmptyPage(cache, form) {
  const script = new URL(document.querySelector('script[type="module"]').src).pathname;
  const before = await (await cache.match("/write"))?.text();
  if (before?.includes(`data-viewer="${form.dataset.viewer}"`) && before.includes(script)) return;
  const answer = await fetch("/write", { headers: { accept: "text/html" } });
  if (answer.ok && !answer.redirected) await cache.put("/write", answer);
}

/** Keep what a reload without a server needs. Where the browser has no means for it, the text alone is kept. */
export async function keepForReload(form) {
  if (!navigator.serviceWorker || !window.caches || openedWithoutServer(form)) return;
  try {
    const cache = await caches.open(KEPT);
    await keepFiles(cache);
    await keepEmptyPage(cache, form);
    await navigator.serviceWorker.register("/write/offline.js", { scope: "/write" });
    await navigator.serviceWorker.ready;
    form.dataset.offline = "ready";
  } catch {
    // Full, forbidden or away: there is no page for a reload then.
  }
}

/** Pictures that are not shown, but stay with the text. */
function keepPictures(form, { media_ids: ids, words }) {
  const list = form.querySelector("[data-picture-list]");
  for (const id of ids ?? []) {
    const row = make("li", { hidden: "" });
    row.append(make("input", { type: "hidden", name: "media_id", value: id }));
    list.append(row);
  }
  if (!words.cover_id) return;
  const row = make("li", { hidden: "" });
  row.append(make("input", { type: "checkbox", name: "cover_id", value: words.cover_id, checked: "" }));
  list.append(row);
}

/** Fill the kept page with what this device has of a draft, and go on saving once the server is back. */
export function openCopy(form, saving, tell, id) {
  const { viewer } = form.dataset;
  const unsaved = copiesOf(viewer).find((copy) => copy.draft_id === id);
  const copy = unsaved ?? lastOf(viewer, id);
  if (!copy) {
    history.replaceState(history.state, "", "/write");
    notice(form, "absent", "");
    return;
  }
  keepPictures(form, copy);
  form.elements.base.value = copy.base;
  saving.adopt(copy);
  showWords(form, copy.words);
  if (unsaved) { saving.save(); return; }
  saving.isAsSaved();
  tell.state("saved", copy.at);
}
