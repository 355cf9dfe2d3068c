// Light or dark, as the reader's system has it or as they chose; remembered where the browser allows.

const THEMES = ["auto", "light", "dark"];
function theme(next) {
  const root = document.documentElement;
  let now = next;
  try {
    if (next) localStorage.setItem("countersign-theme", next);
    else now = localStorage.getItem("countersign-theme");
  } catch { /* pages from files may keep nothing */ }
  now = THEMES.includes(now) ? now : "auto";
  root.dataset.theme = now;
  byId("theme").textContent = `Colours: ${now}`;
}

theme();
byId("theme").addEventListener("click", () => theme(THEMES[(THEMES.indexOf(document.documentElement.dataset.theme) + 1) % 3]));
