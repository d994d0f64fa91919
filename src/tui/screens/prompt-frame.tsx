// What the prompts for PromQL and for SQL share: status line, editor, offers, answer and the bar of
// keys one below the other, and the way of a key. Easy to get wrong: keys that arrive together must
// each see what the one before did, so they work on `latest`, not on the state last painted.
import { Box, useInput, usePaste } from 'ink';
import { useRef, type ReactNode } from 'react';
import { STYLE } from '../draw/styles.ts';
import type { Theme } from '../theme.ts';
import { Picture, type PictureProps } from '../widgets/picture.tsx';
import { StatusLine, type WordGroup } from '../widgets/status-line.tsx';
import { TooSmall } from '../widgets/too-small.tsx';
import { OFFER_KEYS, SEARCH_KEYS, promptKeys, type PromptKey } from './query-prompt-keys.ts';
import type { Offers } from './query-prompt-offers.ts';
import { paste, type BodySeen, type PromptState } from './query-prompt-state.ts';
import { offersHeight, offersLines } from './query-prompt-view.ts';

const COLUMNS_MIN = 30;
const ROWS_MIN = 8;
export const NO_OFFERS: Offers = { start: 0, typed: '', list: [] };

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface PromptFrameProps {
  readonly name: string;
  readonly url: string;
  readonly running: boolean;
  /** Words at the right end of the status line. */
  readonly time?: string;
  readonly state: PromptState;
  readonly offers: Offers;
  /** Rows that the editor wants. */
  readonly editorRows: number;
  readonly editor: (size: Size) => PictureProps['lines'];
  /** Asked for when there is room. */
  readonly answer: (size: Size) => ReactNode;
  /** The keys while nothing is chosen or searched. */
  readonly keys: readonly PromptKey[];
  readonly columns: number;
  readonly rows: number;
  readonly theme: Theme;
}

/** The whole screen of a prompt. */
export function PromptFrame(props: PromptFrameProps): ReactNode {
  const { state, offers, columns, rows, theme } = props;
  if (columns < COLUMNS_MIN || rows < ROWS_MIN) {
    const needs = { columns: COLUMNS_MIN, rows: ROWS_MIN };
    return <TooSmall columns={columns} rows={rows} needs={needs} theme={theme} />;
  }
  const height = props.editorRows;
  const body = rows - 2 - height;
  const list = offersHeight(offers, body);
  const size = (h: number): Size => ({ width: columns, height: h });
  return (
    <Box flexDirection="column" width={columns} height={rows} overflow="hidden">
      <StatusLine {...headGroups(props)} width={columns} theme={theme} />
      <Picture lines={props.editor(size(height))} {...size(height)} />
      {list > 0 && (
        <Picture
          lines={offersLines(offers, state.chosen, { ...size(list), theme })}
          {...size(list)}
        />
      )}
      {body - list > 2 && props.answer(size(body - list))}
      {body - list <= 2 && <Box height={Math.max(0, body - list)} />}
      <StatusLine left={barGroups(keysNow(props))} width={columns} theme={theme} />
    </Box>
  );
}

/** A state as it is painted, and as it is now. */
export interface Hold {
  readonly latest: { current: PromptState };
  readonly become: (next: PromptState) => void;
}

/** What was painted of the body last, for the keys that turn its pages. */
export interface BodyWatch {
  readonly see: (body: BodySeen) => void;
  readonly seen: () => BodySeen;
}

export function useBodySeen(): BodyWatch {
  const last = useRef<BodySeen>({ count: 0, room: 1 });
  const watch = useRef({
    see: (body: BodySeen): void => void (last.current = body),
    seen: () => last.current,
  });
  return watch.current;
}

/** Takes keys and pastes; `one` puts the state after a key into `latest`, false when it leaves. */
export function usePromptKeys({ latest, become }: Hold, one: (name: string) => boolean): void {
  useInput((input, key) => {
    for (const name of promptKeys(input, key)) if (!one(name)) return;
    become(latest.current);
  });
  usePaste((text) => become(paste(latest.current, text)));
}

/** Tells when the history could not be kept. */
export function tellKept({ latest, become }: Hold, kept: Promise<string>): void {
  void kept.then((trouble) => {
    if (trouble !== '') become({ ...latest.current, note: trouble });
  });
}

function headGroups({ name, url, running, time, columns, theme }: PromptFrameProps): {
  readonly left: WordGroup[];
  readonly right: WordGroup[];
} {
  const host = columns < 60 ? '' : url.replace(/^https?:\/\//, '');
  const sign = running ? '● running' : '○ ready';
  const word = theme.ascii ? sign.replace(/^. /, '') : sign;
  const style = running ? STYLE.warn : STYLE.dim;
  return {
    left: [
      { words: [{ text: ` mon ${name}`, style: STYLE.selected }], gap: 2 },
      { words: [{ text: host, style: STYLE.dim }] },
    ],
    right:
      time === undefined
        ? [{ words: [{ text: `${word} `, style }] }]
        : [
            { words: [{ text: word, style }] },
            { words: [{ text: `${time} `, style: STYLE.bold }] },
          ],
  };
}

function keysNow({ state, keys }: PromptFrameProps): readonly PromptKey[] {
  if (state.search !== undefined) return SEARCH_KEYS;
  return state.chosen === undefined ? keys : OFFER_KEYS;
}

function barGroups(keys: readonly PromptKey[]): WordGroup[] {
  return keys
    .filter(({ bar }) => bar !== undefined)
    .map(({ keys: shown, bar = '' }) => ({
      words: [
        { text: ` ${shown} `, style: STYLE.accent },
        { text: bar, style: STYLE.dim },
      ],
      gap: 1,
    }));
}
