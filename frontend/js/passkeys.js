// Passkeys (WebAuthn): data-passkey="signin" on the sign-in page, data-passkey="register" in the settings, beside a
// field named "name". The server gives options and takes the credential as JSON, and answers {"redirect": address}.
import { postJson } from "./requests.js";
import { toast } from "./toast.js";

const isSupported = () => window.PublicKeyCredential?.parseRequestOptionsFromJSON !== undefined;

async function signIn() {
  const options = await postJson("/signin/passkey/options", {});
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.publicKey ?? options);
  const credential = await navigator.credentials.get({ publicKey });
  return postJson("/signin/passkey", { credential: credential.toJSON() });
}

async function register(button) {
  const name = button.form?.elements.name?.value ?? "";
  const options = await postJson("/settings/passkeys/options", {});
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.publicKey ?? options);
  const credential = await navigator.credentials.create({ publicKey });
  return postJson("/settings/passkeys/register", { name, credential: credential.toJSON() });
}

async function run(button) {
  button.disabled = true;
  try {
    const answer = await (button.dataset.passkey === "signin" ? signIn() : register(button));
    location.assign(answer.redirect || location.href);
  } catch (error) {
    // NotAllowedError: the person closed the browser's window or let it time out; nothing to say about that.
    if (error.name !== "NotAllowedError") toast(error.message);
  } finally {
    button.disabled = false;
  }
}

export function startPasskeys() {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    if (isSupported()) button.addEventListener("click", () => run(button));
    else button.hidden = true;
  }
}
