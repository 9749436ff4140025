// How far files are being prepared: told by the live stream, and asked for now and then in case that is interrupted.
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

/** A message of the live stream about a job. */
export function receiveJob({ media, state, progress, message }) {
  for (const element of document.querySelectorAll(`[data-processing="${CSS.escape(media)}"]`)) {
    const bar = element.querySelector("progress");
    if (bar) bar.value = Math.round(progress * 100);
    const note = element.querySelector("[data-processing-note]");
    if (note && message) note.textContent = message;
  }
  if (state === "waiting" || state === "running") return;
  over(media);
  document.dispatchEvent(new CustomEvent("potluck:job-over", { bubbles: true }));
}
