// Media in posts: placeholders, silent loops, and what is fetched only when it is needed: players and the lightbox.
import { blurhashPicture } from "./blurhash.js";
import { whenNear } from "./near.js";

const calm = matchMedia("(prefers-reduced-motion: reduce)");

function placeholder(element) {
  const picture = blurhashPicture(element.dataset.blurhash);
  if (!picture) return;
  element.style.backgroundImage = `url("${picture}")`;
  // Something with holes in it should not show the colours behind it once it is there.
  const image = element.querySelector(":scope > img");
  const clear = () => { element.style.backgroundImage = ""; };
  if (image?.complete && image.naturalWidth) clear();
  else image?.addEventListener("load", clear, { once: true });
}

/** A silent loop: plays while it is in view if it may, else on demand. */
function startLoop(box) {
  const video = box.querySelector("video");
  const button = box.querySelector("[data-loop-button]");
  video.controls = false;
  let wanted = "autoplay" in box.dataset && !calm.matches;
  const show = () => button.setAttribute("aria-pressed", String(!video.paused));
  video.addEventListener("play", show);
  video.addEventListener("pause", show);
  const toggle = () => {
    wanted = video.paused;
    if (wanted) video.play().catch(() => {});
    else video.pause();
  };
  button.addEventListener("click", toggle);
  video.addEventListener("click", toggle);
  new IntersectionObserver(([entry]) => {
    if (!entry.isIntersecting) video.pause();
    else if (wanted) video.play().catch(() => {});
  }, { threshold: 0.4 }).observe(box);
}

const PLAYERS = {
  video: () => import("./video-player.js"),
  audio: () => import("./audio-player.js"),
};

async function startPlayer(box) {
  const { enhance } = await PLAYERS[box.dataset.player]();
  enhance(box);
}

const STARTS = {
  "[data-blurhash]": placeholder,
  "[data-loop]": startLoop,
  "[data-player]": (box) => whenNear(box, () => startPlayer(box).catch(() => {})),
};

const started = new WeakMap();

/** Start what has come to the page since the last time. */
function look() {
  for (const [selector, start] of Object.entries(STARTS)) {
    for (const element of document.querySelectorAll(selector)) {
      const known = started.get(element) ?? new Set();
      if (known.has(selector)) continue;
      started.set(element, known.add(selector));
      start(element);
    }
  }
}

async function openLightbox(event) {
  const link = event.target.closest("a[data-lightbox]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  const { show } = await import("./lightbox.js");
  show(link);
}

/** One sound at a time. */
function hush(event) {
  if (event.target.muted) return;
  for (const other of document.querySelectorAll("video, audio")) {
    if (other !== event.target && !other.muted) other.pause();
  }
}

export function startMedia() {
  look();
  document.addEventListener("htmx:after:swap", look);
  document.addEventListener("potluck:added", look);
  document.addEventListener("click", openLightbox);
  document.addEventListener("play", hush, true);
}
