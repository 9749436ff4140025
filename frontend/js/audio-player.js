// The audio player: media-chrome's controls, and the waveform as the place to jump about in the recording.
import "./shadow-styles.js";
import "media-chrome/media-controller";
import "media-chrome/media-control-bar";
import "media-chrome/media-play-button";
import "media-chrome/media-mute-button";
import "media-chrome/media-volume-range";
import "media-chrome/media-time-range";
import "media-chrome/media-time-display";
import "media-chrome/media-playback-rate-button";
import { make } from "./elements.js";
import { speakPageLanguage } from "./player-words.js";

const BAR = 3;
const GAP = 2;
const STEPS = 1000;

/** As many values as there are bars, each the loudest of its stretch, between 0 and 1. */
export function loudest(peaks, bars) {
  const top = Math.max(...peaks, 1e-6);
  return Array.from({ length: bars }, (_unused, bar) => {
    const from = Math.floor((bar * peaks.length) / bars);
    const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
    return Math.max(...peaks.slice(from, to)) / top;
  });
}

function draw(canvas, peaks, played) {
  const { clientWidth: width, clientHeight: height } = canvas;
  if (!width) return;
  const ratio = devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = getComputedStyle(canvas).color;
  const bars = Math.max(1, Math.floor(width / (BAR + GAP)));
  loudest(peaks, bars).forEach((value, bar) => {
    const long = Math.max(2, value * height);
    context.globalAlpha = (bar + 0.5) / bars <= played ? 1 : 0.35;
    context.fillRect(bar * (BAR + GAP), (height - long) / 2, BAR, long);
  });
}

const clock = (seconds) => {
  const whole = Math.max(0, Math.round(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

/** The waveform with a slider of the same size over it, which keyboards and screen readers use. */
function waveform(audio, box, peaks) {
  const canvas = make("canvas", { "aria-hidden": "true" });
  const slider = make("input", { type: "range", min: 0, max: STEPS, value: 0, step: 5, "aria-label": box.dataset.seek });
  const length = () => (Number.isFinite(audio.duration) ? audio.duration : Number(box.dataset.seconds) || 0);
  const show = () => {
    const played = length() ? audio.currentTime / length() : 0;
    slider.value = Math.round(played * STEPS);
    slider.setAttribute("aria-valuetext", `${clock(audio.currentTime)} / ${clock(length())}`);
    draw(canvas, peaks, played);
  };
  slider.addEventListener("input", () => { audio.currentTime = (slider.value / STEPS) * length(); });
  for (const name of ["timeupdate", "seeked", "loadedmetadata", "ended"]) audio.addEventListener(name, show);
  new ResizeObserver(show).observe(canvas);
  return make("div", { class: "wave" }, canvas, slider);
}

async function peaksOf(address) {
  const answer = await fetch(address);
  if (!answer.ok) return null;
  const { peaks } = await answer.json();
  return Array.isArray(peaks) && peaks.length > 1 ? peaks.map(Number).map(Math.abs) : null;
}

export async function enhance(box) {
  const audio = box.querySelector(":scope > audio");
  if (!audio) return;
  await speakPageLanguage();
  const peaks = box.dataset.peaks ? await peaksOf(box.dataset.peaks).catch(() => null) : null;
  const controller = make("media-controller", { audio: "" });
  if (box.dataset.seconds) controller.setAttribute("defaultduration", box.dataset.seconds);
  audio.controls = false;
  audio.slot = "media";
  audio.before(controller);
  const bar = make("media-control-bar", {}, make("media-play-button"));
  if (!peaks) bar.append(make("media-time-range"));
  bar.append(make("media-time-display", { showduration: "" }),
    make("media-playback-rate-button", { rates: "0.75 1 1.25 1.5 2" }), make("media-mute-button"),
    make("media-volume-range"));
  controller.append(audio, bar);
  if (peaks) controller.before(waveform(audio, box, peaks));
  // A card that is drawn anew leaves a player as it is.
  box.dataset.kept = "";
}
