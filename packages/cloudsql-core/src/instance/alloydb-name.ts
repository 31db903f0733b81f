/** What the name of an AlloyDB instance says. */
export interface AlloyDbName {
  readonly project: string;
  readonly region: string;
  readonly cluster: string;
  readonly name: string;
}

const form = 'projects/PROJECT/locations/REGION/clusters/CLUSTER/instances/INSTANCE';

// Values as Google restricts them, so that no slash and nothing behind the name is taken for a part of it. The project
// may also be given by its number, as in other resource names.
const pattern =
  /^projects\/(?<project>(?:[a-z0-9][a-z0-9.-]*:)?[a-z][a-z0-9-]*|\d+)\/locations\/(?<region>[a-z0-9-]+)\/clusters\/(?<cluster>[a-z][a-z0-9-]*)\/instances\/(?<name>[a-z][a-z0-9-]*)$/;

/** Whether a name, right or wrong, is meant to be that of an AlloyDB instance: no other form has such segments. */
export function looksLikeAlloyDb(value: string): boolean {
  return /(?:^|[\s/])projects\/|\/clusters\//i.test(value);
}

/** Reads `projects/P/locations/R/clusters/C/instances/I`; undefined where the text is anything else. */
export function readAlloyDbName(value: string): AlloyDbName | undefined {
  const groups = pattern.exec(value)?.groups;
  return groups && ({ ...groups } as unknown as AlloyDbName);
}

/** The mistakes that people make most, each with what to do instead. */
export function explainAlloyDbName(value: string): string {
  if (value.trim() !== value) return 'Remove the white space around it.';
  if (pattern.test(value.toLowerCase())) return `Write it in lower case: "${value.toLowerCase()}".`;
  const inside = /projects\/[^/]+\/locations\/[^/]+\/clusters\/[^/]+\/instances\/[a-z0-9-]+/.exec(value)?.[0];
  if (inside !== undefined && pattern.test(inside)) return `Leave out what stands around it: "${inside}".`;
  if (/\/clusters\/[^/]+\/?$/.test(value)) return `The instance is missing: the form is ${form}.`;
  return `The form is ${form}.`;
}
