// How the article will look, drawn by the server as it draws what is published, in the place of the text.
import { csrfHeaders } from "../requests.js";
import { toast, toastText } from "../toast.js";

export function startPreview(form) {
  const button = form.querySelector("[data-writing-preview]");
  const place = form.querySelector("#writing-preview");
  const label = button.querySelector("span");
  const words = [label.textContent, button.dataset.back];
  let kept = 0;

  function show(on) {
    form.classList.toggle("previewing", on);
    button.setAttribute("aria-pressed", String(on));
    label.textContent = words[Number(on)];
  }

  async function draw() {
    const sent = new FormData(form);
    sent.delete("files");
    sent.set("preview", "1");
    const answer = await fetch(form.action, { method: "POST", body: sent, headers: { accept: "text/html", ...csrfHeaders() } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("writing-preview");
    if (!fresh?.children.length) throw new Error(page.querySelector(".notice-bad li")?.textContent ?? "");
    place.replaceChildren(...fresh.childNodes);
  }

  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (form.classList.contains("previewing")) {
      show(false);
      window.scrollTo(0, kept);
      form.elements.text.focus({ preventScroll: true });
      return;
    }
    try {
      await draw();
    } catch (error) {
      toast(error.message && !(error instanceof TypeError) ? error.message : toastText("failed"));
      return;
    }
    kept = window.scrollY;
    show(true);
    window.scrollTo(0, 0);
    place.focus({ preventScroll: true });
  });
  if (place.children.length) show(true);
}
