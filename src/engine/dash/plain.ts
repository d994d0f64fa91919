// A dashboard as the plain maps and lists of its file format, docs/format/dashboard.md: what
// `mon dash import` writes. What has its usual value is left out, so that a person can read on.
// Easy to get wrong: reading it back must give the same dashboard.
import { GRID_COLUMNS, makePanel, makeVariable } from './dashboard.ts';
import type { DashPanel, DashQuery, DashVariable, Dashboard } from './dashboard.ts';
import { formatDuration } from '../model/duration.ts';
import { ALL, AUTO } from './dashboard.ts';
import { sourceText } from './variables.ts';

type Plain = Record<string, unknown>;

/** The map that the file holds. */
export function plainDashboard(dashboard: Dashboard): Plain {
  const { description, tags, refreshMs, variables } = dashboard;
  return {
    title: dashboard.title,
    ...(description === '' ? {} : { description }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
    time: formatDuration(dashboard.rangeMs),
    ...(refreshMs === undefined ? {} : { refresh: formatDuration(refreshMs) }),
    ...(variables.length === 0 ? {} : { variables: variables.map(plainVariable) }),
    panels: dashboard.panels.map(plainPanel),
  };
}

const FIELD = {
  query: 'query',
  custom: 'options',
  interval: 'intervals',
  constant: 'constant',
  text: 'text',
  datasource: 'constant',
} as const;

function plainVariable(variable: DashVariable): Plain {
  const { name, label, kind, regex, sort, multi, auto, hidden } = variable;
  const usual = makeVariable(name, kind);
  const out: Plain = { name };
  if (label !== '') out['label'] = label;
  out[FIELD[kind]] = valuesOf(variable);
  if (regex !== usual.regex) out['regex'] = regex;
  if (sort !== (kind === 'query' ? 'text' : 'none')) out['sort'] = sort;
  if (multi) out['multi'] = true;
  if (variable.includeAll) out['all'] = variable.allValue ?? true;
  const current = defaultsOf(variable);
  if (current.length > 0 && kind !== 'constant' && kind !== 'text' && kind !== 'datasource') {
    out['default'] = multi ? current : current[0];
  }
  if (auto !== undefined) {
    out['auto_steps'] = auto.count;
    out['auto_min'] = formatDuration(auto.minMs);
  }
  if (hidden) out['hide'] = true;
  return out;
}

function valuesOf({ kind, source, options, auto }: DashVariable): unknown {
  if (kind === 'query') return source === undefined ? '' : sourceText(source);
  if (kind === 'custom') {
    return options.map(({ text, value }) => (text === value ? value : { text, value }));
  }
  if (kind === 'interval') {
    const values = options.map(({ value }) => value);
    return values.length === 0 && auto !== undefined ? [AUTO] : values;
  }
  return options[0]?.value ?? '';
}

/** What is chosen in the file, as far as the reader would take it back. */
function defaultsOf({ kind, current, options, includeAll, auto }: DashVariable): string[] {
  return current.flatMap((value) => {
    if (value === ALL) return includeAll ? ['All'] : [];
    if (value === AUTO) return auto === undefined ? [] : [AUTO];
    if (kind === 'query') return [value];
    return options.some((one) => one.value === value) ? [value] : [];
  });
}

function plainPanel(panel: DashPanel): Plain {
  if (panel.kind === 'row') return { row: panel.title };
  const { id, title, place, text, queries, min, max, thresholds } = panel;
  const usual = makePanel(id, panel.kind);
  const out: Plain = { id };
  if (title !== '') out['title'] = title;
  out['type'] = panel.kind === 'unknown' ? 'text' : panel.kind;
  if (panel.description !== '') out['description'] = panel.description;
  out['grid'] = { ...place, w: Math.min(place.w, GRID_COLUMNS - place.x) };
  if (queries.length > 0) out['queries'] = queries.map((query) => plainQuery(query, panel));
  if (out['type'] === 'text') out['text'] = text;
  if (panel.unit !== usual.unit) out['unit'] = panel.unit;
  if (min !== undefined) out['min'] = min;
  if (max !== undefined) out['max'] = max;
  if (thresholds.length > 0) {
    out['thresholds'] = thresholds.map(({ value, level }) => {
      return value === -Infinity ? { level } : { value, level };
    });
  }
  if (panel.reduce !== usual.reduce) out['reduce'] = panel.reduce;
  if (panel.stack) out['stack'] = true;
  if (panel.fill) out['fill'] = true;
  if (!panel.legend) out['hide_legend'] = true;
  if (!panel.sparkline) out['sparkline'] = false;
  if (panel.minStepMs > 0) out['interval'] = formatDuration(panel.minStepMs);
  return out;
}

function plainQuery({ expr, legend, instant }: DashQuery, { kind }: DashPanel): Plain {
  const usual = kind === 'table' || kind === 'bar';
  return {
    expr,
    ...(legend === '' ? {} : { legend }),
    ...(instant === usual ? {} : { instant }),
  };
}
