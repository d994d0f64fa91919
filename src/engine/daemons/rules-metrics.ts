// The figures of the rules in this process's own metrics. Read when they are asked for, so that a
// tick costs nothing for them.
import type { RuleEngine } from '../alert/rule-engine.ts';
import type { Counters } from '../runtime/counters.ts';

/** Shows what the engine counts. */
export function showRules(counters: Counters, engine: RuleEngine, lag: () => number): void {
  const { counts } = engine;
  const rows: readonly (readonly [string, string, () => number])[] = [
    ['mon_rules_ticks_total', 'Ticks that rules ran at.', () => counts.ticks],
    ['mon_rules_evaluations_total', 'Evaluations of single rules.', () => counts.evaluations],
    ['mon_rules_failures_total', 'Evaluations that failed.', () => counts.failures],
    ['mon_rules_partial_total', 'Evaluations that lacked data.', () => counts.partial],
    ['mon_rules_steps_behind_total', 'Steps that came late.', () => counts.stepsBehind],
    ['mon_rules_steps_missed_total', 'Steps in gaps of the clock.', () => counts.stepsMissed],
    ['mon_rules_steps_again_total', 'Steps run again for late data.', () => counts.stepsAgain],
    ['mon_rules_fragments_asked_total', 'Fragments of all rules.', () => counts.fragmentsAsked],
    ['mon_rules_fragments_run_total', 'Fragments run, equal ones once.', () => counts.fragmentsRun],
    ['mon_rules_store_reads_total', 'Sealed blocks read for rules.', () => counts.storeReads],
    ['mon_rules_transitions_total', 'Transitions decided.', () => counts.transitions],
    [
      'mon_rules_transitions_held_total',
      'Rules that waited to tell.',
      () => counts.transitionsHeld,
    ],
    ['mon_rules_outbox', 'Transitions not yet told.', () => engine.outbox.length],
    ['mon_rules_lag_records', 'Records of the log not yet read by rules.', lag],
    ['mon_rules_groups', 'Groups of rules.', () => engine.rules.groups.length],
    ['mon_rules_tick_seconds', 'How long the last tick took.', () => counts.lastTickSeconds],
    ['mon_rules_written_total', 'Samples written by rules.', () => engine.outputs.counts.written],
  ];
  for (const [name, help, read] of rows) counters.reading(name, help, { read });
  const help = 'What ticks took, by part; wait is from the time of a tick until it is taken up.';
  for (const part of ['wait', 'ask', 'decide', 'write', 'save'] as const) {
    const more = { read: () => counts.seconds[part], labels: { part } };
    counters.reading('mon_rules_tick_parts_seconds_total', help, more);
  }
}
