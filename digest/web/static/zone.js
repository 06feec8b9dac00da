// Suggests the browser's time zone where the visitor has not named one; the form works without.
for (const field of document.querySelectorAll("input[data-suggest-zone]")) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && (field.value === "" || field.value === "UTC")) field.value = zone;
}
