// Sends one file so that it can be gone on with: after the connection or the server was away, and after a reload.
import { Upload } from "tus-js-client";

const ENDPOINT = "/uploads/tus";
const PIECE = 32 * 1024 * 1024;
const PAUSES = [0, 1000, 3000, 5000, 10_000, 10_000, 20_000, 20_000, 30_000, 30_000, 60_000, 60_000];

/** The server's own words for why an upload was refused, '' if it gave none. */
function reason(error) {
  try {
    return JSON.parse(error.originalResponse?.getBody() ?? "").error ?? "";
  } catch {
    return "";
  }
}

/** Begin to send `file`; `tell` has progress(share), waiting(), going(), done(id), failed(text). */
export function startUpload(file, headers, tell) {
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    chunkSize: PIECE,
    retryDelays: PAUSES,
    metadata: { filename: file.name, filetype: file.type },
    headers,
    removeFingerprintOnSuccess: true,
    onProgress: (sent, all) => { tell.going(); tell.progress(all ? sent / all : 1); },
    onShouldRetry: (error) => {
      const status = error.originalResponse?.getStatus() ?? 0;
      const again = status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
      if (again) tell.waiting();
      return again;
    },
    onError: (error) => tell.failed(reason(error)),
    onSuccess: ({ lastResponse }) => tell.done(lastResponse.getHeader("Upload-Media-Id")),
  });
  const go = async () => {
    const [known] = await upload.findPreviousUploads();
    if (known) upload.resumeFromPreviousUpload(known);
    upload.start();
  };
  go();
  return { go, cancel: () => upload.abort(true).catch(() => {}) };
}
