/** Sizes and limits of the FastDFS protocol, in bytes unless the name says otherwise. */

export const HEADER_SIZE = 10;
/** Command code of every response. */
export const RESPONSE_CODE = 100;

export const GROUP_NAME_SIZE = 16;
/** Group records keep room for a NUL behind a full group name. */
export const GROUP_NAME_RECORD_SIZE = GROUP_NAME_SIZE + 1;
export const STORAGE_ID_SIZE = 16;
/** A storage id ends in a NUL inside its field. */
export const STORAGE_ID_LENGTH_MAX = STORAGE_ID_SIZE - 1;
export const EXTENSION_SIZE = 6;
export const SLAVE_PREFIX_SIZE = 16;
/** Domain names of storage servers, in storage records up to 6.12. */
export const DOMAIN_NAME_SIZE = 128;

/**
 * Width of an address field. The tracker's QUERY answers use one byte less. Nothing in a message
 * says which of the two it is: only the length of the body tells.
 */
export const ADDRESS_SIZE_IPV4 = 16;
export const ADDRESS_SIZE_IPV6 = 46;
export type AddressSize = typeof ADDRESS_SIZE_IPV4 | typeof ADDRESS_SIZE_IPV6;

/** `Mxx/HH/HH/` */
export const LOGICAL_PATH_LENGTH = 10;
/** The 20 bytes of a file name in base64url, without padding. */
export const NAME_BASE64_LENGTH = 27;
/** Trunk file number, offset and allocated size in base64url. */
export const NAME_TRUNK_LENGTH = 16;
/** Random digits, or fewer digits, a dot and the extension. */
export const NAME_TAIL_LENGTH = 7;
/** Length of a normal file's name without its group: exactly this. */
export const FILE_NAME_LENGTH_NORMAL = LOGICAL_PATH_LENGTH + NAME_BASE64_LENGTH + NAME_TAIL_LENGTH;
/** Length of a name inside a trunk file without its group: exactly this. */
export const FILE_NAME_LENGTH_TRUNK = FILE_NAME_LENGTH_NORMAL + NAME_TRUNK_LENGTH;
/** Storage servers refuse shorter names with status 22. */
export const FILE_NAME_LENGTH_MIN_STORAGE = LOGICAL_PATH_LENGTH + 1;
/** Trackers refuse shorter names with status 22. */
export const FILE_NAME_LENGTH_MIN_TRACKER = 22;
/** The shortest name that decodes; also the least that QUERY_FILE_INFO accepts. */
export const FILE_NAME_LENGTH_MIN = LOGICAL_PATH_LENGTH + NAME_BASE64_LENGTH;
export const FILE_NAME_LENGTH_MAX = 127;

/** Longer names and values are not refused by a storage server: it cuts them and corrupts both. */
export const METADATA_NAME_SIZE_MAX = 64;
export const METADATA_VALUE_SIZE_MAX = 256;
/**
 * A storage server's `buff_size` by default: what it receives of a request, header included, before
 * it looks at it.
 */
export const STORAGE_BUFFER_SIZE = 256 * 1024;
/** A whole SET_METADATA request, header included, must be smaller than that. */
export const METADATA_REQUEST_SIZE_MAX = STORAGE_BUFFER_SIZE - 1;

export const STORAGES_PER_GROUP_MAX = 32;
export const GROUPS_MAX = 512;

/** Store path index that leaves the choice to the storage server. */
export const STORE_PATH_INDEX_ANY = 0xff;
/** The largest store path index that an upload can name. */
export const STORE_PATH_INDEX_MAX = 127;

export const TRACKER_PORT = 22122;
export const STORAGE_PORT = 23000;
export const PORT_MAX = 65535;

/** No request has more before its content: the fixed part of a slave upload and a file name. */
export const CONTENT_HEAD_SIZE_MAX = 38 + FILE_NAME_LENGTH_MAX;

/** `ip:port` in text, IPv6 in brackets. */
export const HOST_PORT_SIZE = 52;
/** From 6.12 on. */
export const VERSION_SIZE = 8;
