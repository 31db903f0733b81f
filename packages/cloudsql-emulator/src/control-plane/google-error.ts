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

/** Makes an error of an OAuth endpoint, to be thrown. */
export function oauthError(code: string, description: string): HttpError {
  return new HttpError({ status: 400, body: { error: code, error_description: description } });
}
