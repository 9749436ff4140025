// Pictures by paste, drop or choice: sent at once, put into the text where the caret was, described beside it.
import { csrfHeaders } from "../requests.js";
import { insertBlock, replaceRange } from "./inserting.js";

const LOOK_MS = 700;
const part = (row, name) => row.querySelector(`[data-picture-${name}]`);
const escaped = (url) => url.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const asText = (alt) => alt.replace(/[[\]\n]/g, " ");
const asAttribute = (alt) => alt.replace(/&/g, "&amp;").replace(/"/g, "&quot;");

/** How a picture stands in the text; `alt` is what it shows. */
function line(form, url, alt) {
  return form.elements.content_type.value === "text/html" ? `<img src="${url}" alt="${asAttribute(alt)}">` : `![${asText(alt)}](${url})`;
}

/** Where in the text a picture stands: [from, to, what is said of it], or null. */
function place(text, url) {
  const markdown = new RegExp(`!\\[([^\\]]*)\\]\\(${escaped(url)}\\)`).exec(text);
  const html = markdown ?? new RegExp(`<img src="${escaped(url)}" alt="([^"]*)">`).exec(text);
  return html && [html.index, html.index + html[0].length, html[1]];
}

function replaceIn(form, wanted, put) {
  const text = form.elements.text;
  const at = text.value.indexOf(wanted);
  if (at < 0) return;
  const [from, to] = [text.selectionStart, text.selectionEnd];
  const moved = (caret) => (caret >= at + wanted.length ? caret + put.length - wanted.length : caret);
  replaceRange(text, at, at + wanted.length, put);
  text.setSelectionRange(moved(from), moved(to));
}

function startRow(form, row) {
  const alt = part(row, "alt");
  const found = row.dataset.url && place(form.elements.text.value, row.dataset.url);
  if (found) alt.value = found[2];
  alt.addEventListener("input", () => {
    const { text } = form.elements;
    const now = place(text.value, row.dataset.url);
    if (!now) return;
    text.setRangeText(line(form, row.dataset.url, alt.value), now[0], now[1], "preserve");
  });
}

async function whenReady(id) {
  for (;;) {
    const answer = await fetch(`/write/pictures/${id}`, { headers: { accept: "application/json" } }).catch(() => null);
    if (answer?.ok) {
      const found = await answer.json();
      if (found.state !== "processing") return found;
    }
    await new Promise((go) => { setTimeout(go, LOOK_MS); });
  }
}

function showPicture(row, url) {
  const image = document.createElement("img");
  image.alt = "";
  image.src = url;
  image.onerror = () => image.remove();
  part(row, "thumb").replaceChildren(image);
}

async function arrived(form, row, mark, id) {
  for (const name of ["media_id", "cover_id"]) row.querySelector(`input[name="${name}"]`).value = id;
  row.dataset.state = "processing";
  part(row, "note").textContent = "";
  const found = await whenReady(id);
  if (!found.url) { failed(form, row, mark, found.error); return; }
  row.dataset.url = found.url;
  row.dataset.state = found.state;
  showPicture(row, found.url);
  replaceIn(form, mark, line(form, found.url, part(row, "alt").value));
  startRow(form, row);
}

function failed(form, row, mark, why) {
  row.dataset.state = "failed";
  part(row, "note").textContent = why || form.querySelector("[data-writing-pictures]").dataset.failed;
  replaceIn(form, `${mark}\n`, "");
}

async function send(form, file) {
  const box = form.querySelector("[data-writing-pictures]");
  const row = box.querySelector("[data-picture-template]").content.firstElementChild.cloneNode(true);
  const note = part(row, "note");
  const mark = `![${box.dataset.sending} ${asText(file.name)} ${Math.random().toString(36).slice(2, 6)}]()`;
  part(row, "name").textContent = file.name;
  part(row, "alt").setAttribute("aria-label", `${part(row, "alt").placeholder}: ${file.name}`);
  box.querySelector("[data-picture-list]").append(row);
  showPicture(row, URL.createObjectURL(file));
  insertBlock(form.elements.text, mark);
  const { startUpload } = await import("../upload.js");
  startUpload(file, csrfHeaders(), {
    progress: (share) => { note.textContent = `${Math.round(share * 100)} %`; },
    waiting: () => { note.textContent = box.dataset.cut; },
    going: () => {},
    done: (id) => arrived(form, row, mark, id),
    failed: (why) => failed(form, row, mark, why),
  });
}

const pictures = (transfer) => [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));

export function startPictures(form) {
  form.querySelectorAll("[data-picture-list] > li").forEach((row) => startRow(form, row));
  form.addEventListener("change", ({ target }) => {  // one picture stands on top
    if (target.name !== "cover_id" || !target.checked) return;
    for (const other of form.querySelectorAll('input[name="cover_id"]')) other.checked = other === target;
  });
  const chooser = form.querySelector("[data-writing-chooser]");
  chooser.addEventListener("change", () => { pictures(chooser).forEach((file) => send(form, file)); chooser.value = ""; });
  form.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    form.classList.add("dropping");
  });
  form.addEventListener("dragleave", (event) => { if (!form.contains(event.relatedTarget)) form.classList.remove("dropping"); });
  for (const [name, source] of [["drop", "dataTransfer"], ["paste", "clipboardData"]]) {
    form.addEventListener(name, (event) => {
      form.classList.remove("dropping");
      const found = pictures(event[source]);
      if (!found.length) return;
      event.preventDefault();
      found.forEach((file) => send(form, file));
    });
  }
}
