// Conveniences; every page is complete without them.
const all = (what, within = document) => [...within.querySelectorAll(what)];

// The browser's time zone, where the visitor has not named one.
for (const field of all("input[data-suggest-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && (field.value === "" || field.value === "UTC")) field.value = zone;
}

// How many papers the ticked topics bring.
for (const said of all("[data-count]")) {
  const form = said.closest("form");
  let asked = 0;
  form.addEventListener("change", async () => {
    const mine = ++asked;
    const topics = new URLSearchParams(all("[name=topic]:checked", form).map((box) => ["topic", box.value]));
    const lang = new URLSearchParams(location.search).get("lang");
    if (lang) topics.append("lang", lang);
    const answer = await fetch(said.dataset.count + "?" + topics);
    if (mine !== asked || !answer.ok) return;
    said.textContent = (await answer.json()).text;
    said.hidden = !topics.has("topic");
  });
}

// Topics by a word: the others step aside.
for (const field of all("input[data-filter]")) {
  field.closest("[hidden]").hidden = false;
  const groups = all(".group", document.querySelector(field.dataset.filter));
  const were = groups.map((group) => group.open);
  field.addEventListener("keydown", (event) => event.key === "Enter" && event.preventDefault());
  field.addEventListener("input", () => {
    const word = field.value.trim().toLowerCase();
    groups.forEach((group, place) => {
      const pills = all(".pill", group);
      for (const pill of pills) pill.hidden = !pill.textContent.toLowerCase().includes(word);
      group.hidden = pills.every((pill) => pill.hidden);
      group.open = word ? true : were[place];
    });
  });
}

// The preview, without leaving the place on the page.
for (const button of all("button[value=preview]")) {
  button.addEventListener("click", async (event) => {
    const form = button.form;
    event.preventDefault();
    button.disabled = true;
    const body = new URLSearchParams(new FormData(form));
    body.set("do", "preview");
    try {
      const answer = await fetch(form.action || location.href, { method: "POST", body });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const id of ["preview", "said"]) document.getElementById(id).replaceWith(page.getElementById(id));
      const shown = document.getElementById(answer.ok ? "preview" : "said");
      shown.tabIndex = -1;
      shown.focus();
    } catch {
      location.reload();
    } finally {
      button.disabled = false;
    }
  });
}
