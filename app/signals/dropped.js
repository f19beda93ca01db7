// Files and folders that are dropped anywhere on the page go the way of every upload; on the page of the worksheet, to it.

const MAX_FILES = 2000;
const FIELDS = [".st-key-lessons_solved input[type=file]", ".st-key-kept_upload input[type=file]"];

function fieldOf() {
  return FIELDS.map((field) => /** @type {HTMLInputElement | null} */ (document.querySelector(field))).find(Boolean);
}

/** @param {DragEvent} event */
function brings(event) {
  const types = [...(event.dataTransfer?.types ?? [])];
  const target = event.target instanceof Element ? event.target : document.body;
  return types.includes("Files") && !target.closest("[data-testid=stFileUploaderDropzone]") && fieldOf();
}

/** @param {boolean} on */
function invite(on) {
  document.querySelector(".stApp")?.toggleAttribute("data-tc-dropping", on);
}

/** @param {FileSystemEntry} entry @param {string} folder @returns {Promise<File[]>} */
async function filesIn(entry, folder) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject));
    return [folder ? new File([file], `${folder}${file.name}`) : file];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {File[]} */
  const found = [];
  while (found.length < MAX_FILES) {
    const entries = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!entries.length) break;
    for (const one of entries) found.push(...(await filesIn(one, `${folder}${entry.name}/`)));
  }
  return found.slice(0, MAX_FILES);
}

// Entries have to be asked for before the event is over; what a script has dropped has none.
/** @param {DataTransfer} dropped */
function allIn(dropped) {
  return Promise.all([...dropped.items].filter(({ kind }) => kind === "file").map((item) => {
    const entry = item.webkitGetAsEntry();
    const file = item.getAsFile();
    return entry ? filesIn(entry, "") : file ? [file] : [];
  }));
}

/** @param {DragEvent} event */
async function onDrop(event) {
  invite(false);
  if (!brings(event) || !event.dataTransfer) return;
  event.preventDefault();
  const files = new DataTransfer();
  for (const file of (await allIn(event.dataTransfer)).flat()) files.items.add(file);
  const field = fieldOf();
  if (!field || !files.files.length) return;
  field.files = files.files;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

export function takeDrops() {
  document.addEventListener("dragover", (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    invite(true);
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) invite(false);
  });
  document.addEventListener("drop", onDrop);
}
