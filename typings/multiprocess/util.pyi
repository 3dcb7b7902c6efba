from multiprocessing.util import Finalize as Finalize
