// Which questions the panels of a dashboard have, and what each panel shows of their answers. Equal
// questions are one, whoever asks them; those that nobody has asked for long leave. Easy to get
// wrong: a panel whose question has just changed shows its last picture until the first answer, or
// every key press would empty the screen.
import type { DashPanel } from '../../engine/dash/dashboard.ts';
import { substitute, type TemplateScope } from '../../engine/dash/template.ts';
import { DASH_QUESTIONS_MAX } from '../../engine/limits-dash.ts';
import { dashPanelData, emptyDashPanel } from './dash-panel-data.ts';
import { Question, questionKey, type QuestionKind } from './dash-questions.ts';
import type { DashPanelData } from './dash-snapshot.ts';

export interface WantedPanel {
  readonly panel: DashPanel;
  readonly questions: readonly Question[];
}

interface Shown {
  readonly key: string;
  readonly data: DashPanelData;
  /** The same, marked as the answer to the question before. */
  behind: DashPanelData | undefined;
}

/** The scope that a panel's queries are written in. */
export type ScopeOf = (panel: DashPanel) => TemplateScope;

const SILENT = new Set(['text', 'row', 'unknown']);

export class DashBook {
  readonly #panels: readonly DashPanel[];
  readonly #questions = new Map<string, Question>();
  readonly #shown = new Map<string, Shown>();

  constructor(panels: readonly DashPanel[]) {
    this.#panels = panels.filter(({ kind }) => !SILENT.has(kind));
  }

  /** The panels in sight with their questions, which are made where they are new. */
  wanted(inSight: ReadonlySet<string> | undefined, scopeOf: ScopeOf, nowMs: number): WantedPanel[] {
    const out = this.#inSight(inSight).map((panel) => ({
      panel,
      questions: this.#questionsOf(panel, scopeOf(panel)),
    }));
    for (const { questions } of out) for (const question of questions) question.usedMs = nowMs;
    this.#forget(nowMs);
    return out;
  }

  /** What each panel in sight shows; the same object while nothing of it changed. */
  panels(
    inSight: ReadonlySet<string> | undefined,
    scopeOf: ScopeOf,
  ): ReadonlyMap<string, DashPanelData> {
    return new Map(
      this.#inSight(inSight).map((panel) => [panel.id, this.#dataOf(panel, scopeOf(panel))]),
    );
  }

  #inSight(ids: ReadonlySet<string> | undefined): readonly DashPanel[] {
    return ids === undefined ? this.#panels : this.#panels.filter(({ id }) => ids.has(id));
  }

  #questionsOf(panel: DashPanel, scope: TemplateScope): Question[] {
    return panel.queries.map(({ expr, instant }) => {
      const lines: QuestionKind = panel.kind === 'heatmap' ? 'buckets' : 'lines';
      const kind = instant && panel.kind !== 'heatmap' ? 'rows' : lines;
      const text = substitute(expr, scope);
      const key = questionKey(kind, text);
      const known = this.#questions.get(key);
      if (known !== undefined) return known;
      const made = new Question(kind, text);
      this.#questions.set(key, made);
      return made;
    });
  }

  #dataOf(panel: DashPanel, scope: TemplateScope): DashPanelData {
    const questions = this.#questionsOf(panel, scope);
    if (questions.length === 0) return emptyDashPanel(panel.id);
    const legends = panel.queries.map(({ legend }) => substitute(legend, scope));
    const parts = questions.map((q, i) => `${q.kind} ${q.expr} ${q.version} ${legends[i]}`);
    const key = parts.join('\n');
    const known = this.#shown.get(panel.id);
    if (known?.key === key) return known.data;
    const waiting = questions.every(({ freshMs, trouble }) => freshMs === 0 && !trouble);
    if (known !== undefined && waiting && known.data.freshMs > 0) {
      known.behind ??= { ...known.data, behind: true };
      return known.behind;
    }
    const data = dashPanelData(panel, questions, legends);
    this.#shown.set(panel.id, { key, data, behind: undefined });
    return data;
  }

  /** The questions that were used least lately leave; those of this beat stay. */
  #forget(nowMs: number): void {
    const excess = this.#questions.size - DASH_QUESTIONS_MAX;
    if (excess <= 0) return;
    const byUse = [...this.#questions].toSorted(([, a], [, b]) => a.usedMs - b.usedMs);
    for (const [key, { usedMs }] of byUse.slice(0, excess)) {
      if (usedMs !== nowMs) this.#questions.delete(key);
    }
  }
}
