// Templates of notifications: Alertmanager's data, methods and functions, default templates inside
// a text, what is defined in a file, and values that look like templates and are none.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  checkMessageTemplate,
  definedIn,
  renderMessage,
} from '../../../../src/engine/alert/template/message-template.ts';

const alert = (host: string, status: string) => ({
  status,
  labels: { alertname: 'Hot', host },
  annotations: { summary: `${host} is hot` },
  startsAtMs: 1_700_000_000_000,
  endsAtMs: 0,
  generatorURL: 'http://g',
  fingerprint: 'f',
});
const MESSAGE = {
  receiver: 'team',
  status: 'firing',
  groupLabels: { zone: 'b', alertname: 'Hot' },
  commonLabels: { alertname: 'Hot' },
  commonAnnotations: { evil: '{{ .Receiver }}' },
  externalURL: 'http://mon',
  alerts: [alert('a', 'firing'), alert('b', 'resolved')],
};
const defaults = (name: string) => (name === 'x.title' ? () => 'T {{ .Status }}' : undefined);

function render(text: string, defined = definedIn('')): string {
  checkMessageTemplate(text, defaults);
  return renderMessage(text, MESSAGE, defaults, defined);
}

test("Alertmanager's data and its methods", () => {
  const rows: [string, string][] = [
    ['{{ .Status | toUpper }} {{ len .Alerts.Firing }}/{{ len .Alerts }}', 'FIRING 1/2'],
    ['{{ range .Alerts }}{{ .Labels.host }}:{{ .Annotations.summary }};{{ end }}',
      'a:a is hot;b:b is hot;'],
    ['{{ range .Alerts.Resolved }}{{ .Fingerprint }}{{ end }}', 'f'],
    ['{{ range .GroupLabels.SortedPairs }}{{ .Name }}={{ .Value }} {{ end }}',
      'alertname=Hot zone=b '],
    ['{{ .GroupLabels.Values | join ", " }}', 'Hot, b'],
    ['{{ .CommonLabels.nothing }}|{{ .ExternalURL }}', '|http://mon'],
    ['{{ toJson .CommonLabels }}', '{"alertname":"Hot"}'],
    ['{{ if eq .Status "firing" }}1{{ else }}2{{ end }}', '1'],
    ['{{ trimSpace "  a " }}{{ reReplaceAll "o" "0" "foo" }}', 'af00'],
  ]; // prettier-ignore
  for (const [text, want] of rows) assert.equal(render(text), want, text);
});

test('values that look like templates stay values', () => {
  assert.equal(render('{{ template "x.title" . }}!'), 'T {{ .Status }}!');
  assert.equal(render('{{ .CommonAnnotations.evil }}'), '{{ .Receiver }}');
});

test('files define what texts name; what nobody defines is an error', () => {
  const defined = definedIn('junk {{ define "mine" }}[{{ .Status }}]{{ end }} junk');
  assert.equal(render('{{ template "mine" . }}', defined), '[firing]');
  assert.throws(() => render('{{ template "other" . }}'), /other/);
  assert.throws(() => render('{{ .Nope }}'), /Nope/);
  assert.throws(() => checkMessageTemplate('{{ if }}', defaults), /missing value/);
});
