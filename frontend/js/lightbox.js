// The picture viewer: the pictures of one post, by keyboard, swipe and wheel. The dialog itself is in the layout.
const MOST = 8;
const SWIPE = 60;

const dialog = document.getElementById("lightbox");
const part = (name) => dialog.querySelector(`[data-lightbox-${name}]`);
const stage = part("stage");
const picture = part("picture");
const pointers = new Map();

let links = [];
let at = 0;
let scale = 1;
let shift = { x: 0, y: 0 };
let gesture = null;

function transform(smoothly = false) {
  picture.classList.toggle("moving", smoothly);
  picture.style.transform = scale === 1 ? "" : `translate(${shift.x}px, ${shift.y}px) scale(${scale})`;
  stage.classList.toggle("zoomed", scale > 1);
}

function zoom(to, smoothly = true) {
  const before = scale;
  scale = Math.min(MOST, Math.max(1, to));
  shift = scale === 1 ? { x: 0, y: 0 } : { x: shift.x * (scale / before), y: shift.y * (scale / before) };
  transform(smoothly);
}

function pan(x, y) {
  const room = { x: (picture.clientWidth * scale) / 2, y: (picture.clientHeight * scale) / 2 };
  shift = { x: Math.min(room.x, Math.max(-room.x, x)), y: Math.min(room.y, Math.max(-room.y, y)) };
  transform();
}

function draw() {
  const link = links[at];
  const small = link.querySelector("img");
  zoom(1, false);
  stage.classList.add("waiting");
  picture.onload = () => stage.classList.remove("waiting");
  picture.onerror = picture.onload;
  picture.alt = small.alt;
  picture.width = small.getAttribute("width") ?? 0;
  picture.height = small.getAttribute("height") ?? 0;
  if (!picture.getAttribute("height") || picture.height === 0) picture.removeAttribute("height");
  if (!picture.getAttribute("width") || picture.width === 0) picture.removeAttribute("width");
  picture.src = link.href;
  part("text").textContent = small.alt;
  part("file").href = link.href;
  const several = links.length > 1;
  part("count").textContent = several
    ? dialog.dataset.count.replace("NUMBER", at + 1).replace("ALL", links.length) : "";
  for (const button of dialog.querySelectorAll("[data-lightbox-step]")) {
    button.hidden = !several;
    button.disabled = !links[at + Number(button.dataset.lightboxStep)];
  }
  const next = links[at + 1];
  if (next) new Image().src = next.href;
}

function step(by) {
  if (!links[at + by]) return;
  at += by;
  draw();
}

const backwards = () => (document.documentElement.dir === "rtl" ? 1 : -1);

const KEYS = {
  ArrowLeft: () => step(backwards()),
  ArrowRight: () => step(-backwards()),
  Home: () => step(-at),
  End: () => step(links.length - 1 - at),
  "+": () => zoom(scale * 1.5),
  "=": () => zoom(scale * 1.5),
  "-": () => zoom(scale / 1.5),
  0: () => zoom(1),
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  KEYS[event.key]();
}

const spread = () => {
  const [one, two] = [...pointers.values()];
  return Math.hypot(one.x - two.x, one.y - two.y);
};

function down(event) {
  if (event.button) return;
  stage.setPointerCapture(event.pointerId);
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  gesture = { x: event.clientX, y: event.clientY, shift: { ...shift }, scale, moved: gesture?.moved && pointers.size > 1,
    onPicture: event.target === picture, apart: pointers.size === 2 ? spread() : 0 };
}

function move(event) {
  if (!gesture || !pointers.has(event.pointerId)) return;
  pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  const [x, y] = [event.clientX - gesture.x, event.clientY - gesture.y];
  if (Math.hypot(x, y) > 8) gesture.moved = true;
  if (pointers.size === 2 && gesture.apart) zoom(gesture.scale * (spread() / gesture.apart), false);
  else if (scale > 1) pan(gesture.shift.x + x, gesture.shift.y + y);
}

function up(event) {
  if (!gesture || !pointers.delete(event.pointerId) || pointers.size) return;
  const [x, y] = [event.clientX - gesture.x, event.clientY - gesture.y];
  const { apart, moved, onPicture } = gesture;
  gesture = null;
  if (apart || (moved && scale > 1)) return;
  if (Math.abs(x) > SWIPE && Math.abs(x) > Math.abs(y)) step(x < 0 ? -backwards() : backwards());
  else if (Math.abs(y) > 2 * SWIPE) dialog.close();
  else if (!moved && event.type === "pointerup") {
    if (onPicture) zoom(scale > 1 ? 1 : 2.5);
    else dialog.close();
  }
}

dialog.addEventListener("keydown", press);
dialog.addEventListener("close", () => { picture.removeAttribute("src"); });
part("close").addEventListener("click", () => dialog.close());
for (const button of dialog.querySelectorAll("[data-lightbox-step]")) {
  button.addEventListener("click", () => step(Number(button.dataset.lightboxStep)));
}
for (const button of dialog.querySelectorAll("[data-lightbox-zoom]")) {
  button.addEventListener("click", () => zoom(scale * 1.5 ** Number(button.dataset.lightboxZoom)));
}
stage.addEventListener("pointerdown", down);
stage.addEventListener("pointermove", move);
stage.addEventListener("pointerup", up);
stage.addEventListener("pointercancel", up);
stage.addEventListener("wheel", (event) => {
  event.preventDefault();
  zoom(scale * (event.deltaY < 0 ? 1.15 : 1 / 1.15), false);
}, { passive: false });

/** Open the viewer on the picture behind `link`; closing gives the focus back to it. */
export function show(link) {
  const group = link.closest(".gallery") ?? link.parentElement;
  links = [...group.querySelectorAll("a[data-lightbox]")];
  at = Math.max(0, links.indexOf(link));
  link.focus({ preventScroll: true });
  draw();
  dialog.showModal();
  part("close").focus();
}
