import { alloyDb, type ConfigRow, i, ok, plain, wrong } from './config-rows.ts';

const other = 'p:r:other';

/** Parameters of instances, variables and files: sections 1.1, 1.3 and 2 of what Google's proxies do. */
export const sourceRows: readonly ConfigRow[] = [
  // Parameters.
  ok(`${i}?`, plain),
  ok(`${i}?port=6000`, plain.replace('port by engine', 'port 6000')),
  ok(`${i}?port=0`, plain),
  ok(`${i}?address=0.0.0.0&port=1`, `${i}: 0.0.0.0 port 1, default address, password login`),
  ok(
    `--port 5000 ${i}?port=6000 ${other}`,
    `${plain.replace('port by engine', 'port 6000')}\n${other}: 127.0.0.1 port from 5000, default address, password login`,
  ),
  ok(`--unix-socket /all ${i}?unix-socket=/one`, `${i}: socket in /one (600), default address, password login`),
  ok(`--unix-socket /all ${i}?unix-socket-path=/one`, `${i}: socket /one (600), default address, password login`),
  ok(`--unix-socket /all ${i}?port=1`, plain.replace('port by engine', 'port 1')),
  ok(`--unix-socket /all ${i}?address=::1`, plain.replace('127.0.0.1', '::1')),
  ok(`${i}?unix-socket=/s&unix-socket-mode=666`, `${i}: socket in /s (666), default address, password login`),
  ok(`${i}?unix-socket-path=/a+b%20c`, `${i}: socket /a b c (600), default address, password login`),
  ok(`--auto-iam-authn ${i}?auto-iam-authn=false`, plain),
  ok(`${i}?auto-iam-authn`, plain.replace('password', 'IAM')),
  ok(`${i}?auto-iam-authn=T`, plain.replace('password', 'IAM')),
  ok(`${i}?private-ip=TRUE`, plain.replace('default', 'PRIVATE')),
  ok(`--private-ip ${i}?psc=true`, plain.replace('default', 'PSC')),
  ok(`--private-ip ${i}?private-ip=false`, plain),
  ok(`--private-ip ${i}?private-ip=false&psc=true`, plain.replace('default', 'PSC')),
  ok(`--psc ${i}?auto-ip=true`, plain.replace('default', 'PUBLIC or PRIVATE')),
  ok(`--auto-ip ${i}?private-ip=true`, plain.replace('default', 'PRIVATE')),
  ok(`${alloyDb}?public-ip=true`, `${alloyDb}: 127.0.0.1 port by engine, PUBLIC address, password login`),
  ok(
    `--max-connections 9 ${i}?max-connections=5`,
    `${plain}, at most 5 connections\nall instances: at most 9 connections`,
  ),
  ok(`${i}?sql-data=false`, plain),
  wrong(`${i}?sql-data=true`, 'The parameter sql-data of p:r:i cannot be used'),
  wrong(`${i}?iam=true`, 'p:r:i has the parameter "iam", which nothing is called'),
  wrong(`${i}?auto_iam_authn=true`, 'Did you mean `auto-iam-authn`?'),
  wrong(`${i}?quiet=true`, 'quiet is not a parameter of one instance (p:r:i)\n  Use --quiet, for all of them.'),
  wrong(`${i}?auto-iam-authn=1`, 'The parameter auto-iam-authn of p:r:i is "1", expected true or false'),
  wrong(`${i}?auto-iam-authn=yes`, 'is "yes", expected true or false'),
  wrong(`${i}?psc=true&psc=true`, 'The parameter psc of p:r:i is there twice'),
  wrong(`${i}?port=1&port=1`, 'The parameter port of p:r:i is there twice'),
  wrong(`${i}?port=`, 'The parameter port of p:r:i is empty, expected a port from 0 to 65535'),
  wrong(`${i}?port=1e3`, 'The parameter port of p:r:i is "1e3", expected a whole number'),
  wrong(`${i}?port=0x10`, 'is "0x10", expected a whole number'),
  wrong(`${i}?port=+5`, 'is " 5", expected a whole number'),
  wrong(`${i}?port=5.0`, 'is "5.0", expected a whole number'),
  wrong(`${i}?port=-1`, 'is "-1", expected a whole number'),
  wrong(`${i}?port=70000`, 'is "70000", expected a port from 0 to 65535'),
  wrong(`${i}?address=localhost`, 'The parameter address of p:r:i is "localhost", expected an IP address'),
  wrong(`${i}?address=`, 'The parameter address of p:r:i is empty'),
  wrong(`${i}?%=foo`, 'The parameters of p:r:i cannot be read: "%"'),
  wrong(`${i}?port=1;address=::1`, 'The parameters of p:r:i cannot be read: "1;address=::1"'),
  wrong(
    `${i}?unix-socket=/a&unix-socket-path=/b`,
    'The parameter unix-socket of p:r:i and the parameter unix-socket-path of p:r:i contradict each other',
  ),
  wrong(`${i}?port=1&unix-socket=/a`, 'contradict each other'),
  wrong(`${i}?address=::1&unix-socket-path=/a`, 'contradict each other'),
  wrong(`${i}?port=1&unix-socket-mode=600`, 'contradict each other'),
  wrong(
    `${i}?private-ip=true&psc=true`,
    'The parameter private-ip of p:r:i and the parameter psc of p:r:i contradict each other',
  ),
  ok(`${i}?private-ip=false&psc=true`, plain.replace('default', 'PSC')),
  wrong(
    `${i}?port=1 ${other}?port=1`,
    'p:r:i and p:r:other are both to be served at 127.0.0.1:1\n  Change one of them.',
  ),
  wrong(`${i}?unix-socket-path=/a ${other}?unix-socket-path=/a`, 'are both to be served at /a'),
  ok(
    `${i}?port=1 ${other}?port=1&address=::1`,
    `${plain.replace('port by engine', 'port 1')}\n${other}: ::1 port 1, default address, password login`,
  ),

  // Variables.
  ok('', plain, { env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME: i } }),
  ok('', `${plain.replace('port by engine', 'port 1')}`, {
    env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME_0: `${i}?port=1` },
  }),
  ok('', `${plain}\n${plain.replace('p:r:i', other)}`, {
    env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME: i, CSQL_PROXY_INSTANCE_CONNECTION_NAME_1: other },
  }),
  ok('', `${plain}\n${plain.replace('p:r:i', other)}`, {
    env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME_0: i, CSQL_PROXY_INSTANCE_CONNECTION_NAME_1: other },
  }),
  ok('', `${alloyDb}: 127.0.0.1 port by engine, default address, password login`, {
    env: { ALLOYDB_PROXY_INSTANCE_URI: alloyDb },
  }),
  ok('', `${plain}\n${alloyDb}: 127.0.0.1 port by engine, default address, password login`, {
    env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME: i, ALLOYDB_PROXY_INSTANCE_URI_0: alloyDb },
  }),
  ok(other, plain.replace('p:r:i', other), { env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME: i } }),
  wrong(
    '',
    'CSQL_PROXY_INSTANCE_CONNECTION_NAME_2 comes after a gap: there is no CSQL_PROXY_INSTANCE_CONNECTION_NAME_1',
    { env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME_0: i, CSQL_PROXY_INSTANCE_CONNECTION_NAME_2: other } },
  ),
  wrong(
    '',
    'CSQL_PROXY_INSTANCE_CONNECTION_NAME and CSQL_PROXY_INSTANCE_CONNECTION_NAME_0 are both the first instance',
    { env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME: i, CSQL_PROXY_INSTANCE_CONNECTION_NAME_0: other } },
  ),
  ok(i, plain.replace('port by engine', 'port from 6000'), { env: { CSQL_PROXY_PORT: '6000' } }),
  ok(`${i} --port 7000`, plain.replace('port by engine', 'port from 7000'), { env: { CSQL_PROXY_PORT: '6000' } }),
  ok(i, plain.replace('password', 'IAM'), { env: { CSQL_PROXY_AUTO_IAM_AUTHN: 'true' } }),
  ok(`${i} --auto-iam-authn=false`, plain, { env: { CSQL_PROXY_AUTO_IAM_AUTHN: 'true' } }),
  ok(i, plain.replace('password', 'IAM'), { env: { ALLOYDB_PROXY_AUTO_IAM_AUTHN: 'true' } }),
  ok(i, plain.replace('password', 'IAM'), {
    env: { ALLOYDB_PROXY_AUTO_IAM_AUTHN: 'true', CSQL_PROXY_AUTO_IAM_AUTHN: '1' },
  }),
  wrong(i, 'CSQL_PROXY_PORT and ALLOYDB_PROXY_PORT contradict each other', {
    env: { CSQL_PROXY_PORT: '1', ALLOYDB_PROXY_PORT: '2' },
  }),
  ok(i, plain, { env: { CSQL_PROXY_PORT: '' } }),
  ok(i, plain, { env: { CSQL_PROXY_EXIT_ZERO_ON_SIGTERM: 'true' } }),
  ok(i, plain, { env: { ALLOYDB_PROXY_EXIT_ZERO_SIGTERM: 'true', ALLOYDB_PROXY_METADATA: 'container' } }),
  wrong(i, 'CSQL_PROXY_MAX_CONNECTIONS is "-1", expected a whole number from 0 up', {
    env: { CSQL_PROXY_MAX_CONNECTIONS: '-1' },
  }),
  wrong(i, 'CSQL_PROXY_QUITQUITQUIT is "yes", expected true or false', { env: { CSQL_PROXY_QUITQUITQUIT: 'yes' } }),
  wrong(i, 'CSQL_PROXY_PORT is "abc", expected a port from 0 to 65535', { env: { CSQL_PROXY_PORT: 'abc' } }),
  wrong(i, 'ALLOYDB_PROXY_PORT is "abc", expected a port', { env: { ALLOYDB_PROXY_PORT: 'abc' } }),
  wrong(
    i,
    "The variable CSQL_PROXY_MAX_CONECTIONS is none of the proxy's\n  Did you mean `CSQL_PROXY_MAX_CONNECTIONS`?",
    { env: { CSQL_PROXY_MAX_CONECTIONS: '5' } },
  ),
  wrong(i, 'The variable CSQL_PROXY_NOTHING_LIKE_IT is none', { env: { CSQL_PROXY_NOTHING_LIKE_IT: '5' } }),
  wrong(i, 'The variable CSQL_PROXY_port is none', { env: { CSQL_PROXY_port: '5' } }),
  wrong(i, 'CSQL_PROXY_FUSE cannot be used', { env: { CSQL_PROXY_FUSE: '/f' } }),
  wrong(i, 'CSQL_PROXY_HTTP_PORT would be ignored', { env: { CSQL_PROXY_HTTP_PORT: '9801' } }),
  wrong(i, 'CSQL_PROXY_PRIVATE_IP and CSQL_PROXY_PSC contradict each other', {
    env: { CSQL_PROXY_PRIVATE_IP: 'true', CSQL_PROXY_PSC: 'true' },
  }),
  wrong(`${i} --psc`, 'CSQL_PROXY_PRIVATE_IP and --psc contradict each other', {
    env: { CSQL_PROXY_PRIVATE_IP: 'true' },
  }),
  ok(i, plain, {
    env: {
      CSQL_PROXY_PORT: 'tcp://10.0.0.1:5432',
      CSQL_PROXY_SERVICE_HOST: '10.0.0.1',
      CSQL_PROXY_PORT_5432_TCP_ADDR: '10.0.0.1',
      CSQL_PROXY_SERVICE_PORT_POSTGRES: '5432',
    },
  }),
  ok('', plain.replace('port by engine', 'port from 1'), {
    env: { CSQL_PROXY_CONFIG_FILE: '$FILE' },
    file: ['.toml', `instance-connection-name = "${i}"\nport = 1`],
  }),

  // Files.
  ok('--config-file $FILE', plain.replace('port by engine', 'port from 1'), {
    file: ['.toml', `instance-connection-name = "${i}"\nport = 1`],
  }),
  ok('--config-file $FILE', plain.replace('password', 'IAM'), {
    file: ['.yaml', `instance-connection-name: ${i}\nauto-iam-authn: true`],
  }),
  ok('--config-file $FILE', plain.replace('password', 'IAM'), {
    file: ['.yml', `instance-connection-name-0: ${i}\nauto-iam-authn: "true"`],
  }),
  ok('--config-file $FILE', `${plain}\n${plain.replace('p:r:i', other)}`, {
    file: ['.json', JSON.stringify({ 'instance-connection-name-0': i, 'instance-connection-name-1': other })],
  }),
  ok('--config-file $FILE', `${alloyDb}: 127.0.0.1 port by engine, default address, password login`, {
    file: ['.yaml', `instance-uri: ${alloyDb}`],
  }),
  ok('--config-file $FILE', plain, { file: ['.YAML', `instance-connection-name: ${i}`] }),
  ok('--config-file $FILE', plain, {
    file: [
      '.yaml',
      `instance-connection-name: ${i}\nmax-sigterm-delay: 0\nimpersonate-service-account: [a@p.iam.gserviceaccount.com]`,
    ],
  }),
  ok(`${i} --config-file $FILE`, plain, { file: ['.yaml', ''] }),
  ok(`${other} --config-file $FILE`, plain.replace('p:r:i', other), {
    file: ['.yaml', `instance-connection-name: ${i}`],
  }),
  ok('--config-file $FILE --port 3', plain.replace('port by engine', 'port from 3'), {
    env: { CSQL_PROXY_PORT: '2' },
    file: ['.toml', `instance-connection-name = "${i}"\nport = 1`],
  }),
  ok('--config-file $FILE', plain.replace('port by engine', 'port from 2'), {
    env: { CSQL_PROXY_PORT: '2' },
    file: ['.toml', `instance-connection-name = "${i}"\nport = 1`],
  }),
  ok('--config-file $FILE', plain.replace('p:r:i', other), {
    env: { CSQL_PROXY_INSTANCE_CONNECTION_NAME: other },
    file: ['.toml', `instance-connection-name = "${i}"`],
  }),
  wrong('--config-file $FILE', 'has the key "instances", which nothing is called', {
    file: ['.yaml', `instances: [${i}]`],
  }),
  wrong(`${i} --config-file $FILE`, 'has the key "privateip", which nothing is called\n  Did you mean `private-ip`?', {
    file: ['.yaml', 'privateip: true'],
  }),
  wrong(`${i} --config-file $FILE`, 'has the key "unix-socket-path", which nothing is called', {
    file: ['.yaml', 'unix-socket-path: /s'],
  }),
  wrong(`${i} --config-file $FILE`, 'port in $FILE is "-1", expected a port from 0 to 65535', {
    file: ['.yaml', 'port: -1'],
  }),
  wrong(`${i} --config-file $FILE`, 'port in $FILE is a list, expected a port', { file: ['.yaml', 'port: [1]'] }),
  wrong(`${i} --config-file $FILE`, 'quiet in $FILE is "maybe", expected true or false', {
    file: ['.json', '{"quiet":"maybe"}'],
  }),
  wrong(`${i} --config-file $FILE`, 'token in $FILE is nothing, expected text', { file: ['.yaml', 'token:'] }),
  wrong(`${i} --config-file $FILE`, 'fuse in $FILE cannot be used', { file: ['.toml', 'fuse = "/f"'] }),
  wrong(`${i} --config-file $FILE`, 'names another one', { file: ['.toml', 'config-file = "x.toml"'] }),
  wrong(`${i} --config-file $FILE`, 'is there twice, as exit-zero-sigterm too', {
    file: ['.yaml', 'exit-zero-on-sigterm: true\nexit-zero-sigterm: true'],
  }),
  wrong('--config-file $FILE', 'instance-connection-name-2 in $FILE comes after a gap', {
    file: ['.yaml', `instance-connection-name: ${i}\ninstance-connection-name-2: ${other}`],
  }),
  wrong(`${i} --config-file $FILE`, 'The file $FILE cannot be read: ', { file: ['.json', '{'] }),
  wrong(`${i} --config-file $FILE`, 'The file $FILE cannot be read: Invalid TOML document: invalid value at line 2\n', {
    file: ['.toml', 'debug = true\nport = '],
  }),
  wrong(`${i} --config-file $FILE`, 'The file $FILE cannot be read: ', { file: ['.yaml', 'a: [1'] }),
  wrong(`${i} --config-file $FILE`, 'does not hold keys with values', { file: ['.yaml', '- a'] }),
  wrong(
    `${i} --config-file $FILE`,
    '--config-file is "$FILE"\n  Name a file that ends in .toml, .yaml, .yml or .json.',
    { file: ['.ini', 'port=1'] },
  ),
  wrong(`${i} --config-file /nonexistent.toml`, 'The file /nonexistent.toml cannot be read: it does not exist'),
  wrong(`${i} --config-file`, 'argument missing'),
];
