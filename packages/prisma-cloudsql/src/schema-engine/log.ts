/**
 * Writes a line of log as the command expects it of an engine: JSON, on stderr. It shows them under
 * `DEBUG=prisma:schemaEngine:*` only, except that the ERROR line is what a failed `cli` command is reported with.
 */
export function log(level: 'INFO' | 'WARN' | 'ERROR', message: string, fields: Record<string, unknown> = {}): void {
  const timestamp = new Date().toISOString();
  const target = 'schema_engine::logger';
  process.stderr.write(`${JSON.stringify({ timestamp, level, fields: { message, ...fields }, target })}\n`);
}
