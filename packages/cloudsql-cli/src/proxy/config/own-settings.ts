/** What Google's proxies cannot be told. */
export const ownSettings = {
  'unix-socket-mode': {
    kind: 'MODE',
    from: 'OURS',
    instance: 'TOO',
    argument: 'octal',
    help: 'the permissions of Unix sockets (600)',
    verdict: 'OURS',
    note: 'Google’s are 777: set that where another user or container connects',
  },
  'require-local-secret': {
    kind: 'TEXT',
    from: 'OURS',
    argument: 'path',
    help: 'demand of TCP clients the password in this file; it is made if it does not exist',
    verdict: 'OURS',
    note: 'the safe choice on a machine with other users, above all with `auto-iam-authn`',
  },
  'require-same-user': {
    kind: 'SWITCH',
    from: 'OURS',
    help: 'demand that TCP clients are processes of the same user (Linux)',
    verdict: 'OURS',
    note: 'the same without a password',
  },
  'allowed-projects': {
    kind: 'TEXT',
    from: 'OURS',
    argument: 'projects',
    help: 'the projects that DNS names may lead to, with commas in between',
    verdict: 'OURS',
    note: 'otherwise a name may not move to another project than the one that it leads to at first',
  },
  'ready-file': {
    kind: 'TEXT',
    from: 'OURS',
    argument: 'path',
    help: 'write the addresses to this file, as JSON, when ready',
    verdict: 'OURS',
    note: 'removed at the end',
  },
} as const;
