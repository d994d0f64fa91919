// The feed as a React hook: a component that uses it draws again when a beat changed something, and
// only then. The feed itself is started and stopped by whoever opened the screen.
import { useSyncExternalStore } from 'react';
import type { Feed } from './feed.ts';
import type { FeedSnapshot } from './snapshot.ts';

/** The newest snapshot of the feed. */
export function useFeed(feed: Feed): FeedSnapshot {
  return useSyncExternalStore(feed.subscribe, feed.snapshot, feed.snapshot);
}
