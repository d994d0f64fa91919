// Regions where a configuration names some. Of its own file, so that Kafka is loaded only for
// those who have them.
import type { Service } from '../runtime/service.ts';
import type { RegionsSettings } from './config-regions.ts';
import type { RegionsOptions } from './region-wiring.ts';

/** The service that takes regions in; undefined where there are none. */
export async function regionsOf(
  options: Omit<RegionsOptions, 'settings'> & { readonly regions?: RegionsSettings },
): Promise<Service | undefined> {
  const { regions: settings } = options;
  if (settings === undefined) return undefined;
  const { Regions } = await import('./region-wiring.ts');
  return new Regions({ ...options, settings });
}
