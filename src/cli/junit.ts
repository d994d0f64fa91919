// JUnit's XML, as CI systems read it: suites of cases that passed or failed. Source: the schema
// that Jenkins' xUnit plugin publishes. Easy to get wrong: control characters may not stand in
// XML at all, not even escaped.

export interface JunitCase {
  readonly name: string;
  /** What is wrong; absent when all is well. */
  readonly failure?: string;
}

export interface JunitSuite {
  readonly name: string;
  readonly seconds: number;
  readonly cases: readonly JunitCase[];
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
};

function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[&<>"\n\t]/g, (char) => ENTITIES[char])
    .replaceAll(/[\p{Cc}\uFFFE\uFFFF]/gu, '\uFFFD');
}

/** The whole report. */
export function junitReport(suites: readonly JunitSuite[]): string {
  const out = ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites>'];
  for (const { name, seconds, cases } of suites) {
    const failures = cases.filter(({ failure }) => failure !== undefined).length;
    const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0"`;
    out.push(`  <testsuite name="${escaped(name)}" ${counts} time="${seconds.toFixed(3)}">`);
    for (const one of cases) {
      const head = `    <testcase name="${escaped(one.name)}" classname="${escaped(name)}"`;
      if (one.failure === undefined) out.push(`${head}/>`);
      else
        out.push(
          `${head}>`,
          `      <failure message="${escaped(one.failure)}"/>`,
          '    </testcase>',
        );
    }
    out.push('  </testsuite>');
  }
  out.push('</testsuites>', '');
  return out.join('\n');
}
