// The files under deploy/ are true as far as this machine can tell: YAML is YAML, commands and
// flags are ours, configurations pass our own check, ports, volumes, secrets, labels and probes
// fit one another, units are hardened, and a dashboard asks for metrics that there are.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { parseConfig } from '../../src/engine/daemons/config.ts';
import { ROLES } from '../../src/engine/daemons/roles.ts';
import { parsed } from '../../src/engine/query/parsed.ts';
import { projectRoot } from '../support/project.ts';
import { compose, deployed, deployedCommands, kubeObjects, UNITS } from '../support/deployed.ts';

interface Manifest {
  readonly commands: Readonly<Record<string, ManifestCommand>>;
}

interface ManifestCommand {
  readonly flags: Readonly<Record<string, { readonly type: string; readonly hidden?: boolean }>>;
  readonly args: Readonly<Record<string, { readonly required?: boolean }>>;
}

const manifest = JSON.parse(
  readFileSync(join(projectRoot, 'oclif.manifest.json'), 'utf8'),
) as Manifest;
const version = (
  JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string }
).version;
const IMAGE = `mon:${version}`;

test('every command and flag is one of mon', () => {
  const commands = deployedCommands();
  assert.ok(commands.length >= 15, `${commands.length} commands`);
  for (const { file, name, words } of commands) {
    const told = `${file}, ${name}: mon ${words.join(' ')}`;
    const id = [2, 1].map((n) => words.slice(0, n).join(':')).find((one) => manifest.commands[one]);
    assert.ok(id, told);
    const { flags, args } = manifest.commands[id];
    const rest = words.slice(id.split(':').length);
    const bare: string[] = [];
    for (let i = 0; i < rest.length; i++) {
      const [flag, value] = rest[i].split('=', 2);
      if (!flag.startsWith('--')) {
        if (flag !== '$ARGS') bare.push(flag);
        continue;
      }
      const known = flags[flag.slice(2)];
      assert.ok(known && known.hidden !== true, `${told}: ${flag}`);
      if (known.type === 'option' && value === undefined) i++;
    }
    assert.ok(bare.length <= Object.keys(args).length, `${told}: ${bare.join(' ')}`);
    if (id === 'run' && bare[0] !== '$ROLE') assert.ok(ROLES.has(bare[0]), told);
  }
});

test('configurations pass the check without a warning', () => {
  const texts = [deployed('config/mon.yml')];
  for (const { kind, data } of kubeObjects()) {
    if (kind === 'ConfigMap') texts.push(...Object.values(data ?? {}));
  }
  assert.equal(texts.length, 2);
  for (const text of texts) assert.deepEqual(parseConfig(text, '/etc/mon/mon.yml').warnings, []);
});

test('compose: addresses, volumes and secrets fit one another', () => {
  const { services, volumes, secrets, configs } = compose();
  const ports = new Set<string>();
  for (const [name, { command, image, volumes: mounts = [] }] of Object.entries(services)) {
    const named = mounts.filter((one) => !one.startsWith('.')).map((one) => one.split(':')[0]);
    for (const one of named) assert.ok(Object.hasOwn(volumes, one), `${name}: volume ${one}`);
    for (const one of mounts.filter((mount) => mount.startsWith('.'))) {
      assert.ok(existsSync(join(projectRoot, 'deploy/compose', one.split(':')[0])), one);
    }
    for (const one of services[name].secrets ?? []) assert.ok(Object.hasOwn(secrets, one), one);
    if (command === undefined) continue;
    assert.equal(image, IMAGE, name);
    const word = (flag: string): string => new RegExp(`--${flag} (\\S+)`).exec(command)?.[1] ?? '';
    const port = word('socket').split(':')[1];
    assert.equal(word('advertise'), `${name}:${port}`, name);
    if (name !== 'log') assert.equal(word('hub'), 'log:9591', name);
    assert.ok(!ports.has(port), `${name}: the port ${port} is another's`);
    ports.add(port);
    for (const [, path] of command.matchAll(/\/run\/secrets\/(\S+)/g)) {
      assert.ok(services[name].secrets?.includes(path), `${name}: ${path}`);
    }
    for (const [, folder] of command.matchAll(/--(?:data-dir|objects) (\S+)/g)) {
      const there = JSON.stringify(services[name]).includes(folder);
      assert.ok(there, `${name}: nothing is mounted at ${folder}`);
    }
  }
  for (const { file } of Object.values(configs)) {
    assert.ok(existsSync(join(projectRoot, 'deploy/compose', file)), file);
  }
});

test('Kubernetes: labels, ports, probes, mounts and budgets fit one another', () => {
  const objects = kubeObjects();
  const services = objects.filter(({ kind }) => kind === 'Service').map((o) => o.metadata.name);
  const sets = objects.filter(({ kind }) => kind === 'StatefulSet');
  assert.equal(sets.length, 7, 'log, three zones of stores, query, collectors, api');
  for (const { metadata, spec } of sets) {
    const { name } = metadata;
    const template = spec?.template;
    assert.ok(template, name);
    assert.deepEqual(template.metadata.labels, spec?.selector?.matchLabels, name);
    assert.ok(services.includes(spec?.serviceName ?? ''), name);
    const budget = objects.find(
      (o) => o.kind === 'PodDisruptionBudget' && o.metadata.name === name,
    );
    assert.deepEqual(budget?.spec?.selector, spec?.selector, `${name} has a budget`);
    const [pod] = template.spec.containers;
    assert.equal(pod.image, IMAGE);
    const ports = pod.ports.map((one) => one.name);
    const probes = ['startupProbe', 'livenessProbe', 'readinessProbe'].flatMap((probe) => {
      const found = pod[probe] as Record<string, { port?: string }> | undefined;
      return found === undefined ? [] : [found['httpGet']?.port ?? found['tcpSocket']?.port];
    });
    assert.ok(probes.length >= 2, `${name} is probed`);
    for (const port of probes) assert.ok(ports.includes(String(port)), `${name}: ${port}`);
    assert.ok(Object.keys(pod.resources.requests).length === 2 && pod.resources.limits, name);
    const claims = spec?.volumeClaimTemplates ?? [];
    const volumes = [...template.spec.volumes.map((one) => one.name)];
    volumes.push(...claims.map((one) => one.metadata.name));
    const mounts = pod.volumeMounts.map((one) => one.name);
    assert.deepEqual(mounts.toSorted(), volumes.toSorted(), name);
    const paths = pod.volumeMounts.map((one) => one.mountPath);
    for (const word of pod.args) {
      const path = /^--[\w-]+=(\/.*)$/.exec(word)?.[1];
      if (path === undefined) continue;
      assert.ok(
        paths.some((one) => path === one || path.startsWith(`${one}/`)),
        `${name}: nothing is mounted at ${path}`,
      );
    }
    const role = pod.args[1];
    assert.equal(template.metadata.labels['role'], role, name);
    const zone = template.metadata.labels['zone'];
    if (role === 'store') assert.ok(pod.args.includes(`--zone=${zone}`), name);
    if (role !== 'log') assert.ok(pod.args.includes('--hub=log-0.mon:9591'), name);
  }
});

test('units are hardened, and run nothing but mon', () => {
  for (const unit of UNITS) {
    const text = deployed(`systemd/${unit}`);
    for (const line of [
      'DynamicUser=yes',
      'NoNewPrivileges=yes',
      'CapabilityBoundingSet=',
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateDevices=yes',
      'RestrictNamespaces=yes',
      'SystemCallFilter=@system-service',
      'SystemCallArchitectures=native',
      'UMask=0077',
    ]) {
      assert.ok(text.includes(`\n${line}\n`), `${unit}: ${line}`);
    }
    const state = /^StateDirectory=(.*)$/m.exec(text)?.[1];
    assert.ok(text.includes(`--data-dir /var/lib/${state} `) || text.includes(`/${state}\n`), unit);
    for (const [, program] of text.matchAll(/^Exec\w+=(\S+)/gm)) {
      assert.ok(['/usr/local/bin/mon', '/bin/kill'].includes(program), `${unit}: ${program}`);
    }
  }
});

test('Grafana: a data source, and a dashboard over metrics that there are', () => {
  const source = parse(deployed('grafana/provisioning/datasources/mon.yaml')) as {
    datasources: { uid: string; url: string; type: string }[];
  };
  const [{ uid, url, type }] = source.datasources;
  assert.equal(type, 'prometheus');
  assert.ok(Object.hasOwn(compose().services, new URL(url).hostname), url);
  const folder = parse(deployed('grafana/provisioning/dashboards/mon.yaml')) as {
    providers: { options: { path: string } }[];
  };
  const mounts = compose().services['grafana'].volumes ?? [];
  assert.ok(mounts.some((one) => one.includes(folder.providers[0].options.path)));
  const files = globSync('src/engine/**/*.ts', { cwd: projectRoot });
  const sources = files.map((path) => readFileSync(join(projectRoot, path), 'utf8')).join('\n');
  const board = JSON.parse(deployed('grafana/dashboards/mon.json')) as {
    panels: { title: string; datasource: { uid: string }; targets: { expr: string }[] }[];
  };
  assert.ok(board.panels.length >= 8);
  for (const { title, datasource, targets } of board.panels) {
    assert.equal(datasource.uid, uid, title);
    for (const { expr } of targets) {
      parsed(expr);
      for (const [name] of expr.matchAll(/\b(?:mon|process)_\w+/g)) {
        const base = name.replace(/_bucket$/, '');
        assert.ok(sources.includes(`'${base}'`), `${title}: there is no metric ${name}`);
      }
    }
  }
});
