import type { ApiResponse } from './http-types.ts';
import { HttpError } from './http-types.ts';

const STATUS: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  413: 'INVALID_ARGUMENT',
  429: 'RESOURCE_EXHAUSTED',
  500: 'INTERNAL',
  503: 'UNAVAILABLE',
  504: 'DEADLINE_EXCEEDED',
};

/** Returns an error as Google's APIs put it. */
export function googleErrorResponse(code: number, reason: string, message: string): ApiResponse {
  return {
    status: code,
    body: {
      error: { code, message, errors: [{ message, domain: 'global', reason }], status: STATUS[code] ?? 'UNKNOWN' },
    },
  };
}

/** Makes an error of a Google API, to be thrown. */
export function googleError(code: number, reason: string, message: string): HttpError {
  return new HttpError(googleErrorResponse(code, reason, message));
}

/** Makes an error of a newer Google API, which gives its reason in another place; to be thrown. */
export function rpcError(code: number, message: string, reason?: string): HttpError {
  const details = reason && [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason, domain: 'googleapis.com' }];
  const error = { code, message, status: STATUS[code] ?? 'UNKNOWN', ...(details ? { details } : {}) };
  return new HttpError({ status: code, body: { error } });
}

/** Makes an error of an OAuth endpoint, to be thrown. */
export function oauthError(code: string, description: string): HttpError {
  return new HttpError({ status: 400, body: { error: code, error_description: description } });
}
