import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import protobuf from 'protobufjs';

type Attributes = Readonly<Record<string, unknown>>;

/** A metric as it came, with all its points. */
export interface CollectedMetric {
  readonly name: string;
  readonly unit: string;
  readonly scope: string;
  readonly points: readonly { readonly value: number; readonly bounds?: readonly number[]; attributes: Attributes }[];
}

/** A span as it came. */
export interface CollectedSpan {
  readonly name: string;
  readonly ms: number;
  /** 2 is an error. */
  readonly status: number | undefined;
  readonly attributes: Attributes;
}

const { root } = protobuf.parse(readFileSync(path.join(import.meta.dirname, 'otlp.proto'), 'utf8'));

/** A collector of OpenTelemetry that takes OTLP over HTTP and keeps what it gets. One that is mute never answers. */
export class OtlpCollector {
  readonly requests: { readonly path: string; readonly headers: IncomingHttpHeaders }[] = [];
  readonly metrics: CollectedMetric[] = [];
  readonly spans: CollectedSpan[] = [];
  /** The attributes of all resources. */
  readonly resources: Attributes[] = [];
  readonly #server: http.Server;

  private constructor(isMute: boolean) {
    this.#server = http.createServer((request, response) => {
      void buffer(request).then((body) => {
        const { url = '', headers } = request;
        this.requests.push({ path: url, headers });
        this.#take(url, body);
        if (!isMute) response.writeHead(200, { 'Content-Type': 'application/x-protobuf' }).end();
      });
    });
  }

  static async open({ isMute = false, port = 0 }: { isMute?: boolean; port?: number } = {}): Promise<OtlpCollector> {
    const collector = new OtlpCollector(isMute);
    await once(collector.#server.listen(port, '127.0.0.1'), 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The last points of a metric. */
  metric(name: string): CollectedMetric | undefined {
    return this.metrics.findLast((each) => each.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #take(url: string, body: Buffer): void {
    if (url === '/v1/metrics') {
      for (const { resource, scopeMetrics } of decode('ExportMetricsServiceRequest', body).resourceMetrics) {
        this.resources.push(attributesOf(resource));
        for (const { scope, metrics } of scopeMetrics) {
          for (const { name, unit, sum, histogram } of metrics) {
            const points = (sum ?? histogram).dataPoints.map((point: Json) => ({
              value: Number(point.count ?? point.asInt ?? point.asDouble),
              ...(point.explicitBounds?.length > 0 ? { bounds: point.explicitBounds } : {}),
              attributes: attributesOf(point),
            }));
            this.metrics.push({ name, unit, scope: scope.name, points });
          }
        }
      }
    } else if (url === '/v1/traces') {
      for (const { resource, scopeSpans } of decode('ExportTraceServiceRequest', body).resourceSpans) {
        this.resources.push(attributesOf(resource));
        for (const { spans } of scopeSpans) {
          for (const { name, startTimeUnixNano, endTimeUnixNano, status, ...span } of spans) {
            const ms = (Number(endTimeUnixNano) - Number(startTimeUnixNano)) / 1e6;
            this.spans.push({ name, ms, status: status?.code, attributes: attributesOf(span) });
          }
        }
      }
    }
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what protobuf reads has the shape that the file describes.
type Json = any;

function decode(type: string, body: Buffer): Json {
  const message = root.lookupType(type);
  return message.toObject(message.decode(body), { longs: String, arrays: true });
}

function attributesOf({ attributes }: { attributes: readonly { key: string; value: object }[] }): Attributes {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
