/// The kernels once more, as their definitions read: simple loops, sums in Double, one thread.
///
/// They are the oracle for the fast ones.
package enum Plain {}
