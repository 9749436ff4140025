// Shows a chosen picture in its place before it is saved: data-preview-of names the file field.
export function startPicturePreviews() {
  for (const image of document.querySelectorAll("img[data-preview-of]")) {
    const field = document.querySelector(`input[type=file][name="${image.dataset.previewOf}"]`);
    field?.addEventListener("change", () => {
      if (field.files[0]) image.src = URL.createObjectURL(field.files[0]);
    });
  }
}
