/** In a container: a file that the engine binds from its data directory, so that its disk can be seen there. */
const IN_CONTAINER = "/etc/hostname";

/** Where Docker's data is unless its daemon.json says otherwise. */
const DEFAULT_ROOT = "/var/lib/docker";

/** A path through which this program sees the disk that holds Docker's data. `dataRoot`: the engine's folder on the host, once it said so. */
export function dockerDiskPath(inContainer: boolean, dataRoot = DEFAULT_ROOT): string {
  return inContainer ? IN_CONTAINER : dataRoot;
}
