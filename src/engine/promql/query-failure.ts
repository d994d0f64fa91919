// The failures of a query that runs, in Prometheus' words: limits, and matchings that are not
// unique.
import { MonError, UserError } from '../errors.ts';

/** More samples than a query may hold. */
export function tooManySamples(): MonError {
  return new MonError(
    'MON_QUERY_LIMIT',
    'query processing would load too many samples into memory in query execution',
    { hint: 'ask for fewer series, a shorter time or a larger step' },
  );
}

/** More steps than a range may have. */
export function tooManySteps(): UserError {
  return new UserError(
    'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query ' +
      'resolution (?step=XX)',
  );
}

/** More series than a query may touch. */
export function tooManySeries(limit: number): MonError {
  return new MonError('MON_QUERY_LIMIT', `the query touches more than ${limit} series`, {
    hint: 'add matchers that leave fewer series',
  });
}

/** A query whose data do not allow what it asks for. */
export function evaluationFailed(message: string): MonError {
  return new MonError('MON_QUERY_FAILED', message);
}

/** Two results with the same labels at the same time. */
export function sameLabels(): MonError {
  return evaluationFailed('vector cannot contain metrics with the same labelset');
}
