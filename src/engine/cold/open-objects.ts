// Opens the object store that settings name. The client of S3 is loaded only where somebody has a
// bucket.
import type { ObjectStore } from '../ports.ts';
import type { Disk } from '../runtime/disk.ts';
import { FolderObjects } from './folder-objects.ts';
import type { S3Settings } from './s3-objects.ts';

export async function openObjects(
  where: { readonly folder: string } | { readonly s3: S3Settings },
  disk: Disk,
): Promise<ObjectStore> {
  if ('folder' in where) return new FolderObjects(disk, where.folder);
  const { S3Objects } = await import('./s3-objects.ts');
  const { secretFile, ...s3 } = where.s3;
  if (secretFile === undefined) return new S3Objects(s3);
  const secret = Buffer.from(await disk.readFile(secretFile))
    .toString()
    .trim();
  return new S3Objects({ ...s3, secretAccessKey: secret });
}
