// Evaluates expressions by independent implementations, for the differential tests: reads {language, modules, cases}, each case
// an expression's text and its data, and writes what each gives: {v: value}, {n: 1} for nothing, {e: 1} for a failure.
const { readFileSync } = require("fs");
const { language, modules, cases } = JSON.parse(readFileSync(0, "utf8"));
const given = (value) => (value === undefined ? { n: 1 } : { v: JSON.parse(JSON.stringify(value) ?? "null") });
const evaluators = {
  javascript: (text, data) => new Function("$json", `"use strict"; return (${text}\n)`)(data),
  jsonata: async (text, data) => require(`${modules}/jsonata`)(text).evaluate(data),
};
(async () => {
  const results = [];
  for (const { text, data } of cases) {
    try {
      results.push(given(await evaluators[language](text, data)));
    } catch (error) {
      results.push({ e: 1 });
    }
  }
  process.stdout.write(JSON.stringify(results));
})();
