// Keeps in this browser what was uploaded, so that a page that was loaded again can open it again. Nothing is sent: a file
// goes the way of every upload, and only when somebody asks for it.

import { takeDrops } from "./dropped.js";

const STORE = "files";
const MAX_BYTES = 200e6;
const MAX_ENTRIES = 8;
/** @type {File[]} */
let given = [];
let stored = "";
let done = { again: 0, forget: "", asked: "" };
let number = 0;

/** @param {string} mode @param {(store: IDBObjectStore) => IDBRequest} work @returns {Promise<any>} */
function inStore(mode, work) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("treecore", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE, { keyPath: "key" });
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, /** @type {IDBTransactionMode} */ (mode));
      const request = work(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result);
      };
      transaction.onabort = () => reject(transaction.error);
    };
  });
}

// The oldest go first when there are too many or too large ones.
/** @param {KeptEntry[]} all */
async function makeRoom(all) {
  const newest = all.toSorted((a, b) => b.at - a.at);
  let bytes = 0;
  for (const [place, entry] of newest.entries()) {
    bytes += entry.bytes;
    if (place >= MAX_ENTRIES || bytes > MAX_BYTES) await inStore("readwrite", (store) => store.delete(entry.key));
  }
}

/** @param {KeptFilesData} data */
async function keep({ key, name }) {
  if (!key || key === stored || !given.length || (given.length === 1 && given[0].name !== name)) return;
  stored = key;
  const files = given.map((file) => ({ name: file.webkitRelativePath || file.name, blob: new Blob([file]) }));
  given = [];
  const bytes = files.reduce((sum, { blob }) => sum + blob.size, 0);
  if (bytes > MAX_BYTES) return;
  await inStore("readwrite", (store) => store.put({ key, name, files, bytes, at: Date.now() }));
  await makeRoom(await inStore("readonly", (store) => store.getAll()));
}

/** @param {KeptFilesData} data @param {(name: string, value: unknown) => void} send */
async function look({ wanted }, send) {
  if (!wanted || done.asked === wanted) return;
  done.asked = wanted;
  const entry = await inStore("readonly", (store) => store.get(wanted));
  number = Math.max(number + 1, Date.now());
  if (entry) send("found", { number, key: entry.key, name: entry.name, bytes: entry.bytes });
}

// Gives the files to the upload field of the page, as a person would.
/** @param {KeptFilesData} data */
async function openAgain({ again, wanted }) {
  if (again <= done.again) return;
  done.again = again;
  const entry = /** @type {KeptEntry | undefined} */ (await inStore("readonly", (store) => store.get(wanted)));
  const field = /** @type {HTMLInputElement | null} */ (document.querySelector(".st-key-kept_upload input[type=file]"));
  if (!entry || !field) return;
  const files = new DataTransfer();
  for (const { name, blob } of entry.files) files.items.add(new File([blob], name));
  field.files = files.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

/** @param {KeptFilesData} data */
async function forgetEntry({ forget }) {
  if (!forget || done.forget === forget) return;
  done.forget = forget;
  await inStore("readwrite", (store) => store.delete(forget));
}

/** @param {Event} event */
function note(event) {
  const field = event.target;
  if (field instanceof HTMLInputElement && field.type === "file" && field.files?.length) given = [...field.files];
}

/** @param {DragEvent} event */
function noteDrop(event) {
  if (event.dataTransfer?.files.length) given = [...event.dataTransfer.files];
}

document.addEventListener("change", note, { capture: true });
document.addEventListener("drop", noteDrop, { capture: true });
takeDrops();

/** @param {Component<KeptFilesData>} component */
export default async function keptFiles({ data, setTriggerValue }) {
  try {
    await forgetEntry(data);
    await keep(data);
    await look(data, setTriggerValue);
    await openAgain(data);
  } catch {
    given = []; // a browser that keeps nothing, as in a private window
  }
}
