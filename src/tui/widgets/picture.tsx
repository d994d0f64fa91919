// Lines that were drawn elsewhere, put on the screen as they are. Everything a widget shows goes
// through here: one text node a picture keeps Ink's work small, and cutting is the job of who drew
// it.
import { Box, Text } from 'ink';
import { memo, type ReactNode } from 'react';

export interface PictureProps {
  readonly lines: readonly string[];
  readonly width: number;
  readonly height: number;
}

/** A block of exactly `width` by `height` cells. */
export const Picture = memo(function Picture(props: PictureProps): ReactNode {
  const { lines, width, height } = props;
  return (
    <Box width={width} height={height} flexShrink={0} overflow="hidden">
      <Text wrap="truncate-end">{lines.join('\n')}</Text>
    </Box>
  );
});
