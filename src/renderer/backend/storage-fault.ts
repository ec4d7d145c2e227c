import { errorCatalogue, faultOf, TidemarkError, type Fault } from '../../contract/errors.ts';
import { StorageError } from '../../store/errors.ts';
import { t } from '../strings/t.ts';

/** Why an edit was refused, in the catalogue's terms. */
export function storageFault(thrown: unknown): Fault {
  if (!(thrown instanceof StorageError)) return faultOf(thrown);
  const { cause, code } = thrown;
  const detail = cause instanceof Error ? { detail: `${cause.name}: ${cause.message}` } : {};
  switch (code) {
    case 'recorder-failed':
      if (cause instanceof TidemarkError) return cause.fault;
      return { code: 'disk-failed', message: errorCatalogue['disk-failed'].text, ...detail };
    case 'disk-full':
    case 'storage-failed':
      return { code, message: errorCatalogue[code].text, ...detail };
    case 'no-such-entity':
      return { code: 'not-found', message: 'It was deleted in the meantime.', ...detail };
    case 'version-in-use':
      return { code: 'rejected', message: t('layers.inUse'), detail: t('layers.inUse.body') };
    case 'leaf-in-use':
      return { code: 'rejected', message: t('labels.inUse'), detail: t('labels.inUse.body') };
  }
}
