// Files in the composer: chosen, dropped or pasted, sent at once with progress, then described and put in order.
import { whenPrepared } from "./preparing.js";
import { csrfHeaders } from "./requests.js";
import { toast, toastText } from "./toast.js";

let box = null;
let list = null;

const count = () => list.children.length;
const part = (element, name) => element.querySelector(`[data-${name}]`);

/** Sending is over for all files, or this says that one should wait. */
export function mayPost() {
  if (!list?.querySelector(".sending")) return true;
  toast(box.dataset.wait);
  return false;
}

function picture(file, place) {
  if (!/^image\/(?!svg)/.test(file.type)) return;
  const image = document.createElement("img");
  image.alt = "";
  image.src = URL.createObjectURL(file);
  image.onerror = () => image.remove();
  place.replaceChildren(image);
}

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

async function fetchItem(id) {
  const answer = await fetch(`/files/${id}/item`, { headers: { accept: "text/html" } });
  return answer.ok ? parse(await answer.text()) : null;
}

/** What the server made of a file: its picture, or why there is none. What was typed meanwhile stays. */
async function refresh(item) {
  const fresh = await fetchItem(item.dataset.attached);
  if (!fresh) return;
  const image = part(fresh, "attached-picture").querySelector("img");
  if (image) part(item, "attached-picture").replaceChildren(image);
  part(item, "attached-state").replaceChildren(...part(fresh, "attached-state").childNodes);
  item.dataset.state = fresh.dataset.state;
  if (item.dataset.state === "processing") whenPrepared(item.dataset.attached, () => refresh(item));
}

/** The point that stays in sight, set by a click into the picture or by its sliders, shown as a ring. */
function startFocus(item) {
  const more = part(item, "focus");
  const frame = part(item, "attached-picture");
  if (!more) return;
  const [x, y] = more.querySelectorAll("input[type=range]");
  const ring = document.createElement("span");
  ring.className = "focus-ring";
  const show = () => {
    ring.style.insetInlineStart = `${(Number(x.value) + 1) * 50}%`;
    ring.style.insetBlockStart = `${(1 - Number(y.value)) * 50}%`;
  };
  more.addEventListener("toggle", () => {
    frame.classList.toggle("focusing", more.open);
    if (more.open) frame.append(ring);
    else ring.remove();
    show();
  });
  more.addEventListener("input", show);
  frame.addEventListener("click", (event) => {
    if (!more.open) return;
    const { left, top, width, height } = frame.getBoundingClientRect();
    x.value = ((event.clientX - left) / width) * 2 - 1;
    y.value = 1 - ((event.clientY - top) / height) * 2;
    show();
  });
}

function move(item, by) {
  if (by < 0) item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
  item.querySelector(`[data-attached-move="${by}"]`).focus();
}

function drop(item) {
  const near = item.nextElementSibling ?? item.previousElementSibling;
  item.remove();
  (near?.querySelector("textarea, button") ?? part(box, "files-chooser")).focus();
}

function startItem(item) {
  for (const button of item.querySelectorAll("[data-attached-move]")) {
    button.addEventListener("click", (event) => { event.preventDefault(); move(item, Number(button.dataset.attachedMove)); });
  }
  part(item, "attached-drop").addEventListener("click", (event) => { event.preventDefault(); drop(item); });
  startFocus(item);
  if (item.dataset.state === "processing") whenPrepared(item.dataset.attached, () => refresh(item));
}

async function arrived(row, file, id) {
  const item = await fetchItem(id);
  if (!item) return row.remove();
  const known = part(item, "attached-picture");
  if (!known.querySelector("img")) picture(file, known);
  row.replaceWith(item);
  startItem(item);
  return undefined;
}

async function send(file) {
  const row = part(box, "files-template").content.firstElementChild.cloneNode(true);
  const bar = part(row, "sending-progress");
  const note = part(row, "sending-note");
  const again = part(row, "sending-again");
  part(row, "sending-name").textContent = file.name;
  bar.setAttribute("aria-label", file.name);
  picture(file, part(row, "attached-picture"));
  list.append(row);
  const { startUpload } = await import("./upload.js");
  const upload = startUpload(file, csrfHeaders(), {
    progress: (share) => { bar.value = Math.round(share * 100); },
    waiting: () => { note.textContent = box.dataset.cut; },
    going: () => { note.textContent = ""; },
    done: (id) => arrived(row, file, id),
    failed: (text) => { note.textContent = text || toastText("failed"); again.hidden = false; row.classList.remove("sending"); },
  });
  again.addEventListener("click", () => { again.hidden = true; note.textContent = ""; row.classList.add("sending"); upload.go(); });
  part(row, "sending-cancel").addEventListener("click", () => { upload.cancel(); drop(row); });
}

function add(files) {
  const room = Number(box.dataset.max) - count();
  if (files.length > room) toast(box.dataset.tooMany);
  for (const file of [...files].slice(0, Math.max(0, room))) send(file);
}

const hasFiles = (transfer) => [...(transfer?.types ?? [])].includes("Files");

function startDropping(form) {
  let depth = 0;
  const show = (on) => form.classList.toggle("dropping", on);
  form.addEventListener("dragenter", (event) => { if (hasFiles(event.dataTransfer)) { depth += 1; show(true); } });
  form.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); show(depth > 0); });
  form.addEventListener("dragover", (event) => { if (hasFiles(event.dataTransfer)) event.preventDefault(); });
  form.addEventListener("drop", (event) => {
    depth = 0;
    show(false);
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  form.addEventListener("paste", (event) => {
    if (!event.clipboardData?.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
}

export function startAttaching(form) {
  box = form.querySelector("[data-files]");
  if (!box) return;
  list = part(box, "files-list");
  const chooser = part(box, "files-chooser");
  chooser.addEventListener("change", () => { add(chooser.files); chooser.value = ""; });
  startDropping(form);
  [...list.children].forEach(startItem);
  form.addEventListener("submit", (event) => { if (!mayPost()) event.preventDefault(); });
}
