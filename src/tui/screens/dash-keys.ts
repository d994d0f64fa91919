// The keys of a dashboard, in one table: the bar shows those valid now, the help all of a view. The
// names of keys are those of tui/keys.ts.
import { keyRow, KeyTable } from '../key-table.ts';

export type DashMode = 'board' | 'zoom' | 'help' | 'command' | 'explain' | 'variables' | 'values';

export type DashAction =
  | 'quit'
  | 'back'
  | 'help'
  | 'zoom'
  | 'next'
  | 'previous'
  | 'left'
  | 'right'
  | 'up'
  | 'down'
  | 'pageUp'
  | 'pageDown'
  | 'first'
  | 'last'
  | 'wider'
  | 'narrower'
  | 'earlier'
  | 'later'
  | 'live'
  | 'pause'
  | 'slower'
  | 'faster'
  | 'variables'
  | 'open'
  | 'toggle'
  | 'submit'
  | 'erase'
  | 'clear'
  | 'command'
  | 'explain'
  | 'copy'
  | 'repaint';

const VIEWS: readonly DashMode[] = ['board', 'zoom'];
const NOTES: readonly DashMode[] = ['help', 'command', 'explain'];
const ALL: readonly DashMode[] = [...VIEWS, ...NOTES, 'variables', 'values'];

const key = keyRow<DashMode, DashAction>;

export const DASH_KEYS = new KeyTable<DashMode, DashAction>([
  key('help', ['?', 'h', 'f1'], VIEWS, ['?', 'all keys of this view', 'help']),
  key(
    'back',
    ['escape'],
    ['zoom', ...NOTES, 'variables', 'values'],
    ['Esc', 'one level back', 'back'],
  ),
  key('quit', ['q'], [...VIEWS, ...NOTES, 'variables'], ['q', 'leave', 'quit']),
  key('quit', ['ctrl-c'], ALL, ['Ctrl-C', 'leave']),
  key('zoom', ['return', 'z'], ['board'], ['Enter', 'the chosen panel alone', 'zoom']),
  key('zoom', ['return', 'z'], ['zoom'], ['Enter', '']),
  key('next', ['tab'], VIEWS, ['Tab', 'next panel; Shift-Tab the one before', 'panel']),
  key('previous', ['shift-tab'], VIEWS, ['Shift-Tab', '']),
  key('pageDown', ['pageDown', 'J'], ['board'], ['PgDn', 'next page; PgUp the one before', 'page']),
  key('pageUp', ['pageUp', 'K'], ['board'], ['PgUp', '']),
  key('variables', ['v'], VIEWS, ['v', 'choose the values of variables', 'variables']),
  key('narrower', ['+', '='], VIEWS, ['+ -', 'look at a shorter or longer time', 'range']),
  key('wider', ['-', '_'], VIEWS, ['-', '']),
  key('earlier', ['[', '{'], VIEWS, ['[ ]', 'half a range back or forward', 'move']),
  key('later', [']', '}'], VIEWS, [']', '']),
  key('live', ['n', '0'], VIEWS, ['n', 'back to now']),
  key('pause', [' '], VIEWS, ['Space', 'hold the picture, or go on', 'pause']),
  key('faster', ['r'], VIEWS, ['r R', 'ask more or less often']),
  key('slower', ['R'], VIEWS, ['R', '']),
  key('command', ['c'], VIEWS, ['c', 'the commands behind the chosen panel', 'command']),
  key('explain', ['e'], VIEWS, ['e', 'how the server answers its queries', 'explain']),
  key('copy', ['y'], ['command'], ['y', 'copy the first command', 'copy']),
  key('left', ['left'], VIEWS, ['← →', 'panel to the left or right']),
  key('right', ['right', 'l'], VIEWS, ['→ l', '']),
  key('up', ['up', 'k'], VIEWS, ['↑ ↓', 'panel above or below; alone, scroll']),
  key('down', ['down', 'j'], VIEWS, ['↓ j', '']),
  key('pageDown', ['pageDown'], ['zoom', ...NOTES], ['PgDn', 'ten lines down']),
  key('pageUp', ['pageUp'], ['zoom', ...NOTES], ['PgUp', 'ten lines up']),
  key('down', ['down', 'j'], NOTES, ['↓ j', 'scroll down']),
  key('up', ['up', 'k'], NOTES, ['↑ k', 'scroll up']),
  key('first', ['home', 'g'], ['board'], ['Home End', 'first or last page; g and G too']),
  key('last', ['end', 'G'], ['board'], ['End G', '']),
  key('open', ['return', 'right', 'l'], ['variables'], ['Enter', 'choose its values', 'choose']),
  key('up', ['up', 'k'], ['variables'], ['↑ k', 'variable above']),
  key('down', ['down', 'j'], ['variables'], ['↓ j', 'variable below', 'next']),
  key('up', ['up'], ['values'], ['↑', 'value above']),
  key('down', ['down'], ['values'], ['↓', 'value below']),
  key('pageUp', ['pageUp'], ['values'], ['PgUp', 'ten values up']),
  key('pageDown', ['pageDown'], ['values'], ['PgDn', 'ten values down']),
  key('toggle', ['tab'], ['values'], ['Tab', 'mark it, where several may be', 'mark']),
  key('submit', ['return'], ['values'], ['Enter', 'take it', 'take']),
  key('erase', ['backspace', 'delete'], ['values'], ['Backspace', 'erase a letter']),
  key('clear', ['ctrl-u'], ['values'], ['Ctrl-U', 'erase what was typed']),
  key('repaint', ['ctrl-l'], ALL, ['Ctrl-L', 'paint the whole screen again']),
]);
