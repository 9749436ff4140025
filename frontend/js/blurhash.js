// Blurhash: a few letters that hold the colours of a picture, drawn in its place until it has come.
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~";
const SIDE = 24;

function number(text) {
  let value = 0;
  for (const letter of text) {
    const digit = DIGITS.indexOf(letter);
    if (digit < 0) return NaN;
    value = value * 83 + digit;
  }
  return value;
}

const toLinear = (byte) => {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
};
const toByte = (value) => {
  const held = Math.min(1, Math.max(0, value));
  return 255 * (held <= 0.0031308 ? held * 12.92 : 1.055 * held ** (1 / 2.4) - 0.055);
};
const signedSquare = (value) => Math.sign(value) * value * value;

/** The waves of a hash: their counts across and down, and a colour for each; null if it is none. */
function waves(hash) {
  const size = number(hash[0] ?? "");
  const [across, down] = [(size % 9) + 1, Math.floor(size / 9) + 1];
  if (Number.isNaN(size) || hash.length !== 4 + 2 * across * down) return null;
  const most = (number(hash[1]) + 1) / 166;
  const base = number(hash.slice(2, 6));
  const colours = [[toLinear(base >> 16), toLinear((base >> 8) & 255), toLinear(base & 255)]];
  for (let at = 6; at < hash.length; at += 2) {
    const value = number(hash.slice(at, at + 2));
    colours.push([Math.floor(value / 361), Math.floor(value / 19) % 19, value % 19]
      .map((part) => signedSquare((part - 9) / 9) * most));
  }
  return { across, down, colours };
}

/** The picture of a hash as a data address, '' if it is none. */
export function blurhashPicture(hash) {
  const found = waves(hash);
  if (!found) return "";
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(SIDE, SIDE);
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const sum = [0, 0, 0];
      found.colours.forEach((colour, index) => {
        const weight = Math.cos((Math.PI * x * (index % found.across)) / SIDE)
          * Math.cos((Math.PI * y * Math.floor(index / found.across)) / SIDE);
        for (let part = 0; part < 3; part += 1) sum[part] += colour[part] * weight;
      });
      pixels.data.set([...sum.map(toByte), 255], 4 * (y * SIDE + x));
    }
  }
  context.putImageData(pixels, 0, 0);
  return canvas.toDataURL("image/png");
}
