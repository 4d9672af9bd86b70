// Comforts for the practice page. Everything works without them.

const byId = (id) => document.getElementById(id);
const form = byId("form");
const answer = byId("answer");
const send = byId("send");
const said = byId("said");
const stored = `draft:${form.dataset.question}`;
const longest = Number(answer.dataset.longest);

// --- storage, which a browser may refuse -----------------------------------

function read(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value) localStorage.setItem(key, value);
    else localStorage.removeItem(key);
    return true;
  } catch {
    return false;
  }
}

// --- words and limit --------------------------------------------------------

function count() {
  const words = answer.value.trim().split(/\s+/u).filter(Boolean).length;
  const left = longest - [...answer.value].length;
  const parts = words ? [words === 1 ? "1 word" : `${words.toLocaleString("en")} words`] : [];
  if (left < longest / 10) {
    const many = Math.abs(left).toLocaleString("en");
    parts.push(left < 0 ? `${many} characters too many` : `${many} characters left`);
  }
  byId("count").textContent = parts.join(", ");
  byId("count").classList.toggle("over", left < 0);
}

// --- draft, kept on this device only ----------------------------------------

let saving = 0;
let cleared = "";

function tell(words, action) {
  byId("draft-words").textContent = words;
  byId("clear").textContent = action;
  byId("draft").hidden = false;
}

function save() {
  clearTimeout(saving);
  saving = 0;
  if (!answer.value.trim()) {
    write(stored, "");
    byId("draft").hidden = true;
  } else if (write(stored, answer.value)) {
    const now = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    tell(`Saved on this device at ${now}.`, "Clear the draft");
  } else {
    byId("draft").hidden = true;
  }
}

function saveSoon() {
  cleared = "";
  clearTimeout(saving);
  saving = setTimeout(save, 400);
}

function saveNow() {
  if (saving) save();
}

function clearOrBringBack() {
  if (cleared) {
    answer.value = cleared;
    cleared = "";
    save();
  } else {
    cleared = answer.value;
    answer.value = "";
    clearTimeout(saving);
    saving = 0;
    write(stored, "");
    tell("Draft cleared.", "Bring it back");
  }
  count();
  answer.focus();
}

function restore() {
  const draft = read(stored);
  if (!draft) return;
  if (!answer.value.trim()) answer.value = draft;
  if (answer.value === draft) tell("Saved on this device.", "Clear the draft");
}

// --- sending ----------------------------------------------------------------

let waiting = 0;

function rest() {
  clearTimeout(waiting);
  send.removeAttribute("aria-disabled");
  delete form.dataset.sent;
  said.textContent = "";
}

function sending(event) {
  saveNow();
  if (!navigator.onLine && !["127.0.0.1", "localhost"].includes(location.hostname)) {
    event.preventDefault();
    said.textContent = "You are offline. Your words are kept on this device.";
  } else if (form.dataset.sent) {
    event.preventDefault();
  } else {
    form.dataset.sent = "yes";
    send.setAttribute("aria-disabled", "true");
    waiting = setTimeout(() => {
      said.textContent = "Judging your answer…";
    }, 300);
  }
}

// --- keys -------------------------------------------------------------------

const points = [...document.querySelectorAll("[data-point]")];
let at = -1;

function point(step) {
  if (!points.length) return;
  const here = points.findIndex((one) => one.contains(document.activeElement));
  const from = here >= 0 ? here : at;
  at = from < 0 && step < 0 ? points.length - 1 : from + step;
  at = (at + points.length) % points.length;
  points[at].focus();
  points[at].scrollIntoView({ block: "nearest" });
}

function across() {
  const here = document.activeElement;
  if (here.matches("mark")) {
    here.querySelector(".badge")?.click();
  } else if (here.matches(".point")) {
    here.querySelector('a[href^="#passage-"]')?.click();
  } else {
    return false;
  }
  return true;
}

function hint() {
  const one = document.activeElement.closest("[data-point]") ?? points[at];
  const details = (one ?? document).querySelector(".point details, details[data-testid='hint']");
  if (details) details.open = !details.open;
}

function shortcuts() {
  byId("keys").open = !byId("keys").open;
  if (byId("keys").open) byId("keys").querySelector("summary").focus();
}

const actions = {
  n: () => point(1),
  p: () => point(-1),
  h: hint,
  t: () => answer.focus(),
  "?": shortcuts,
};

function pressed(event) {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    if (event.target === answer) form.requestSubmit(send);
    return;
  }
  if (event.repeat || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches("input, textarea, select")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.key === "Enter") {
    if (across()) event.preventDefault();
    return;
  }
  if (byId("keys-on").checked && Object.hasOwn(actions, event.key)) {
    event.preventDefault();
    actions[event.key]();
  }
}

// --- putting it together ----------------------------------------------------

restore();
count();
answer.addEventListener("input", count);
answer.addEventListener("input", saveSoon);
byId("clear").addEventListener("click", clearOrBringBack);
form.addEventListener("submit", sending);
addEventListener("pagehide", saveNow);
addEventListener("pageshow", rest);
document.addEventListener("keydown", pressed);

byId("keys").hidden = false;
byId("keys-on").checked = read("keys") !== "off";
byId("keys-on").addEventListener("change", (event) => {
  write("keys", event.target.checked ? "" : "off");
});
