// Keyboard shortcuts; listed in the page's dialog, where they can be switched off (WCAG 2.1.4).
import { recall, remember } from "./storage.js";

const ENTRIES = ".feed .post, .feed .notification";
const STORE = "shortcuts";

const entries = () => [...document.querySelectorAll(ENTRIES)].filter((entry) => !entry.parentElement.closest(ENTRIES));
const at = () => document.querySelector(".at") ?? document.activeElement?.closest(ENTRIES);
const press = (selector) => at()?.querySelector(selector)?.click();

function move(step) {
  const all = entries();
  const old = at();
  const next = all[old ? all.indexOf(old) + step : 0];
  if (!next) return;
  old?.classList.remove("at");
  next.classList.add("at");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function compose() {
  const text = document.getElementById("text");
  if (text) text.focus();
  else location.assign("/compose");
}

function search() {
  const field = [...document.querySelectorAll('input[name="q"]')].find((input) => input.checkVisibility());
  if (field) field.focus();
  else location.assign("/search");
}

function toggleCovers() {
  for (const cover of at()?.querySelectorAll(".warning, .cover") ?? []) cover.open = !cover.open;
}

const KEYS = {
  j: () => move(1),
  k: () => move(-1),
  n: compose,
  r: () => press('[data-action="reply"]'),
  f: () => press('[data-action="favourite"]'),
  b: () => press('[data-action="boost"]'),
  x: toggleCovers,
  "/": search,
  ".": () => document.querySelector("[data-feed-new]:not([hidden])")?.click(),
  "?": () => document.getElementById("shortcuts")?.showModal(),
};

function isBusy(event) {
  return event.ctrlKey || event.metaKey || event.altKey || event.isComposing || document.querySelector("dialog[open]")
    || event.target.closest?.("input, textarea, select, [contenteditable]");
}

export function startShortcuts() {
  const setting = document.querySelector("[data-shortcuts-setting]");
  const isOn = () => recall(STORE) !== "off";
  if (setting) {
    setting.checked = isOn();
    setting.addEventListener("change", () => remember(STORE, setting.checked ? null : "off"));
  }
  document.addEventListener("keydown", (event) => {
    if (!isOn() || isBusy(event)) return;
    const onEntry = event.target.matches?.(ENTRIES);
    const act = event.key === "Enter" && onEntry ? () => press("[data-permalink]") : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
