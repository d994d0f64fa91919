// The forms of the alert centre as lines: fields, what is wrong with one, and what a silence would
// hide at this moment. Easy to get wrong: the end of a long text is where the user types, so that
// is the part that stays in sight.
import type { AlertView } from '../../engine/model/alerting.ts';
import { STYLE } from '../draw/styles.ts';
import { cellWidth, safeText } from '../draw/text.ts';
import { nameOf } from './alert-centre-detail.ts';
import type { TextLine } from './alert-centre-detail.ts';
import { matchersFault, wouldHide } from './alert-centre-matchers.ts';
import { fieldOf } from './alert-centre-state.ts';
import type { Form } from './alert-centre-state.ts';

const NAME_CELLS = 10;

export function formTitle(form: Form): string {
  const count = form.ids.length;
  if (form.kind === 'silence') return 'silence';
  const what = form.kind === 'extend' ? 'silence' : 'incident';
  const whom = count === 1 ? `${what} ${form.ids[0].slice(0, 8)}` : `${count} ${what}s`;
  return `${form.kind} ${whom}`;
}

/** The lines of a form that is `width` cells wide inside. */
export function formLines(form: Form, alerts: readonly AlertView[], width: number): TextLine[] {
  const out: TextLine[] = [{ text: '', style: STYLE.plain }];
  form.fields.forEach(({ name, value }, i) => {
    const active = i === form.at;
    const text = tail(`${value}${active ? '▏' : ''}`, width - NAME_CELLS - 4);
    const mark = active ? '▸' : ' ';
    out.push({
      text: `${mark} ${name.padEnd(NAME_CELLS)} ${text}`,
      style: active ? STYLE.bold : STYLE.plain,
    });
  });
  out.push({ text: '', style: STYLE.plain });
  if (form.fault !== '') out.push({ text: `! ${form.fault}`, style: STYLE.bad });
  if (form.kind === 'silence') out.push(...previewLines(form, alerts));
  return out;
}

function previewLines(form: Form, alerts: readonly AlertView[]): TextLine[] {
  const matchers = fieldOf(form, 'matchers');
  const fault = matchersFault(matchers);
  if (fault !== undefined) {
    return form.fault === fault ? [] : [{ text: `! ${fault}`, style: STYLE.warn }];
  }
  const hidden = wouldHide(matchers, alerts);
  const title = `would hide ${hidden.length} of ${alerts.length} alerts now`;
  return [
    { text: title, style: hidden.length === 0 ? STYLE.warn : STYLE.accent },
    ...hidden.slice(0, 200).map((alert) => ({ text: `  ${nameOf(alert)}`, style: STYLE.dim })),
  ];
}

/** The end of a text, as much of it as fits. */
function tail(text: string, width: number): string {
  const safe = safeText(text);
  if (cellWidth(safe) <= width) return safe;
  let used = 1;
  const kept: string[] = [];
  for (const character of [...safe].reverse()) {
    used += cellWidth(character);
    if (used > width) break;
    kept.unshift(character);
  }
  return `…${kept.join('')}`;
}
