// Evaluates expressions by independent implementations, for the differential tests: reads {language, modules, cases}, each case
// an expression's text and its data, and writes what each gives: {v: value}, {n: 1} for nothing, {e: 1} for a failure.
const { readFileSync } = require("fs");
const { language, modules, cases } = JSON.parse(readFileSync(0, "utf8"));
const given = (value) => (value === undefined ? { n: 1 } : { v: JSON.parse(JSON.stringify(value) ?? "null") });
const evaluators = {
  javascript: (text, data) => new Function("$json", `"use strict"; return (${text}\n)`)(data),
  jsonata: async (text, data) => require(`${modules}/jsonata`)(text).evaluate(data),
  // Microsoft's own library of the functions that workflow definitions have too.
  wdl: (text, data) => {
    const { Expression } = require(`${modules}/adaptive-expressions`);
    const { value, error } = Expression.parse(text.replaceAll("triggerBody()?", "data")).tryEvaluate({ data });
    if (error) throw new Error(error);
    // It writes numbers below zero with a sign of typography.
    return JSON.parse(JSON.stringify(value).replaceAll("\u2212", "-"));
  },
  asl: async (text, data) => {
    const { StateMachine } = require(`${modules}/aws-local-stepfunctions`);
    const only = { Type: "Pass", Parameters: { "v.$": text }, End: true };
    const unchecked = { validationOptions: { noValidate: true } };
    const machine = new StateMachine({ StartAt: "Only", States: { Only: only } }, unchecked);
    return (await machine.run(data).result).v;
  },
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
