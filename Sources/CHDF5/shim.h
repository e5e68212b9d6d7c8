#ifndef INFLATE_CKPT_CHDF5_SHIM_H
#define INFLATE_CKPT_CHDF5_SHIM_H

#include <hdf5.h>

// Macros that Swift does not import: HDF5 spells these constants as expressions with a call in them.

static inline unsigned inflate_h5f_acc_rdonly(void) { return H5F_ACC_RDONLY; }
static inline hid_t inflate_h5p_dataset_access(void) { return H5P_DATASET_ACCESS; }
static inline hid_t inflate_h5p_file_access(void) { return H5P_FILE_ACCESS; }
static inline haddr_t inflate_haddr_undef(void) { return HADDR_UNDEF; }

#endif
