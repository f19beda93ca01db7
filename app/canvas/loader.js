// Runs the canvas. Script, style and the parts of a scene come once a session, each named by a stamp of its content; what
// is not here any more, or was lost on the way, is asked for.

const PARTS = new Map();
const SCRIPTS = new Map();
const WANTED = new WeakMap();
const MAX_BYTES = 96e6;
const RETRY_MS = 3000;
let asked = -RETRY_MS;

// One line of small things, then what was sent with it, piece by piece.
/** @param {Uint8Array | ArrayBuffer} data */
function read(data) {
  const bytes = data instanceof Uint8Array ? data : new Uint8Array(data);
  const end = bytes.indexOf(10);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  let at = end + 1;
  for (const [stamp, length] of head.sent) {
    PARTS.delete(stamp);
    PARTS.set(stamp, bytes.slice(at, at + length));
    at += length;
  }
  return head;
}

/** @param {string[]} needed */
function forget(needed) {
  let total = 0;
  for (const part of PARTS.values()) total += part.length;
  for (const [stamp, part] of PARTS) {
    if (total <= MAX_BYTES) return;
    if (needed.includes(stamp)) continue;
    PARTS.delete(stamp);
    total -= part.length;
  }
}

/** @param {string} stamp */
function text(stamp) {
  return new TextDecoder().decode(PARTS.get(stamp));
}

/** @param {string} stamp */
function scriptOf(stamp) {
  if (!SCRIPTS.has(stamp)) {
    const url = URL.createObjectURL(new Blob([text(stamp)], { type: "text/javascript" }));
    SCRIPTS.set(stamp, import(url));
  }
  return SCRIPTS.get(stamp);
}

/** @param {HTMLElement} host @param {(name: string, value: unknown) => void} setTriggerValue @param {() => boolean} lacks */
function ask(host, setTriggerValue, lacks) {
  if (!host.isConnected || !lacks()) return;
  setTimeout(() => ask(host, setTriggerValue, lacks), RETRY_MS);
  if (performance.now() - asked < RETRY_MS / 2) return;
  asked = performance.now();
  setTriggerValue("need", asked);
}

/** @param {Component<Uint8Array | ArrayBuffer>} component */
export default async function canvas({ data, parentElement, setTriggerValue }) {
  const head = read(data);
  const needed = [head.script, head.style, head.forest, head.look];
  const lacks = () => !needed.every((stamp) => PARTS.has(stamp));
  WANTED.set(parentElement, head);
  if (lacks()) ask(parentElement, setTriggerValue, () => WANTED.get(parentElement) === head && lacks());
  else {
    forget(needed);
    const { default: run } = await scriptOf(head.script);
    run({ head, text, host: parentElement });
  }
  return () => setTimeout(async () => {
    if (!parentElement.isConnected && SCRIPTS.has(head.script)) (await scriptOf(head.script)).leave(parentElement);
  });
}
