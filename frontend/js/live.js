// Live timelines by server-sent events. New entries wait behind a button, so that nothing jumps while someone reads.
//
// The stream's events: `update` (HTML of a card: new, or changed if its id is on the page), `notification` (HTML of a
// row; sent on every stream of someone signed in), `delete` (id of a post), `job` (JSON: how far a file of theirs is),
// `comment` (id of something new in the discussion one looks at).
import { receiveJob } from "./preparing.js";
import { adopt, redraw } from "./requests.js";
import { toast, toastText } from "./toast.js";

const MOST_WAITING = 100;
// A browser allows few connections to one host, so a page that nobody sees gives its own back.
const HIDDEN_MS = 60_000;

let feed = null;
let button = null;
let waiting = [];
let missed = false;

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function showButton() {
  if (!button) return;
  button.hidden = !missed && waiting.length === 0;
  button.querySelector("[data-count]").textContent = waiting.length || "";
}

function receive(html) {
  const element = parse(html);
  if (!element) return;
  const present = element.id && document.getElementById(element.id);
  if (present) {
    redraw(present, html);
    return;
  }
  waiting = [element, ...waiting.filter((other) => other.id !== element.id)].slice(0, MOST_WAITING);
  showButton();
}

function remove(id) {
  const elementId = `post-${id.trim()}`;
  document.getElementById(elementId)?.remove();
  waiting = waiting.filter((element) => element.id !== elementId);
  showButton();
}

function countNotification() {
  for (const badge of document.querySelectorAll("[data-notification-count]")) {
    const count = Number(badge.dataset.notificationCount) + 1;
    badge.dataset.notificationCount = count;
    badge.querySelector("[data-count]").textContent = count < 100 ? count : "99+";
    badge.hidden = false;
  }
}

function receiveComment(id) {
  if (document.getElementById(`post-${id}`) || waiting.includes(id)) return;
  waiting.push(id);
  showButton();
}

/** Draw the discussion anew where it stands: what is folded stays folded, and what is new is marked. */
async function revealComments() {
  const answer = await fetch(location.href, { headers: { accept: "text/html" } }).catch(() => null);
  const page = answer?.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  const drawn = page?.querySelector("[data-live-part]");
  if (!drawn) return toast(toastText("failed"));
  const before = new Set([...feed.querySelectorAll("[id^=post-]")].map((element) => element.id));
  await redraw(feed.querySelector("[data-live-part]"), drawn.outerHTML);
  const fresh = [...feed.querySelectorAll(".comment-body[id^=post-]")].filter((element) => !before.has(element.id));
  for (const element of fresh) element.closest(".comment").classList.add("comment-new");
  waiting = [];
  missed = false;
  showButton();
  document.dispatchEvent(new CustomEvent("potluck:added"));
  fresh[0]?.focus();
}

function reveal() {
  if (feed.dataset.liveKind === "discussion") return revealComments();
  if (missed) return location.reload();
  const first = waiting[0];
  feed.prepend(...waiting);
  waiting.forEach(adopt);
  waiting = [];
  showButton();
  document.dispatchEvent(new CustomEvent("potluck:added"));
  first?.focus({ preventScroll: true });
  window.scrollTo({ top: 0 });
}

function open(url, kind) {
  const source = new EventSource(url);
  source.addEventListener("update", (event) => { if (feed && kind === "post") receive(event.data); });
  source.addEventListener("delete", (event) => remove(event.data));
  source.addEventListener("comment", (event) => { if (kind === "discussion") receiveComment(event.data.trim()); });
  source.addEventListener("job", (event) => receiveJob(JSON.parse(event.data)));
  source.addEventListener("notification", (event) => {
    countNotification();
    if (feed && kind === "notification") receive(event.data);
  });
  return source;
}

export function startLive() {
  feed = document.querySelector("[data-live]");
  button = document.querySelector("[data-feed-new]");
  button?.addEventListener("click", reveal);
  if (!feed && !("signedIn" in document.body.dataset)) return;
  const url = feed?.dataset.live ?? "/events?stream=notifications";
  const kind = feed?.dataset.liveKind ?? "";
  let source = open(url, kind);
  let timer = 0;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) {
      timer = setTimeout(() => { source.close(); source = null; }, HIDDEN_MS);
    } else if (!source) {
      missed = true;
      showButton();
      source = open(url, kind);
    }
  });
}
