// How far files are being prepared: told by the live stream, and asked for now and then in case that is interrupted.
import { adopt } from "./requests.js";

const ASK_MS = 4000;

const waiting = new Map();

function over(id) {
  const acts = waiting.get(id) ?? [];
  waiting.delete(id);
  acts.forEach((act) => act());
}

/** Call `act` when the file with this id is ready or has failed, or after a while, to look again. */
export function whenPrepared(id, act) {
  waiting.set(id, [...(waiting.get(id) ?? []), act]);
  setTimeout(() => { if (waiting.has(id)) over(id); }, ASK_MS);
}

/** The row of a job on the page of background work; what it becomes when the job is over is asked of the server. */
async function showRow(id, over, progress, message) {
  const row = document.querySelector(`[data-jobs] [data-job="${CSS.escape(id)}"]`);
  const bar = row?.querySelector("progress");
  if (bar && !over) {
    bar.value = Math.round(progress * 100);
    const note = row.querySelector("[data-job-message]");
    note.textContent = message;
    note.hidden = !message;
    return;
  }
  const list = document.querySelector("[data-jobs]");
  if (!list || new URLSearchParams(location.search).has("before")) return;
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-jobs]");
  if (!fresh || list.contains(document.activeElement)) return;
  list.replaceWith(fresh);
  adopt(fresh);
}

const look = () => document.dispatchEvent(new CustomEvent("potluck:job-over"));

/** Posts that wait are asked for again now and then: what happened before the stream was open is not told. */
export function startPreparing() {
  setInterval(() => { if (document.querySelector("#preparing:not([hidden])") && !document.hidden) look(); }, ASK_MS);
}

/** A message of the live stream about a job. */
export function receiveJob({ id, media, state, progress, message }) {
  const isOver = state !== "waiting" && state !== "running";
  showRow(id, isOver, progress, message);
  if (!media) return;
  for (const element of document.querySelectorAll(`[data-processing="${CSS.escape(media)}"]`)) {
    const bar = element.querySelector("progress");
    if (bar) bar.value = Math.round(progress * 100);
    const note = element.querySelector("[data-processing-note]");
    if (note && message) note.textContent = message;
  }
  if (!isOver) return;
  over(media);
  look();
}
